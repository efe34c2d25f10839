"""Log groups of CloudWatch Logs, as moto serves them; and what moto cannot do, by hand."""

from __future__ import annotations

import json
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import flowparse
from flowparse import LogFormatError, SourceError
from services.servers.moto import Moto

boto3 = pytest.importorskip("boto3")

REGION = "eu-central-1"
NOW = int(time.time()) // 60 * 60 - 3 * 86400
CUSTOM = "${srcaddr} ${dstport} ${start} ${end}"


def record(port: int, start: int) -> str:
    seen = f"192.0.2.1 198.51.100.7 49152 {port} 6 1 40 {start} {start + 59}"
    return f"2 011122223333 eni-1 {seen} REJECT OK"


@pytest.fixture
def logs(moto: Moto, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of an empty moto, where the environment leads."""
    for name, value in moto.environment().items():
        monkeypatch.setenv(name, value)
    moto.reset()
    return boto3.client("logs", region_name=REGION)


def fill(logs: Any, group: str, streams: dict[str, list[tuple[int, str]]]) -> None:
    """Make a group; of each stream the events' seconds and messages."""
    logs.create_log_group(logGroupName=group)
    for stream, events in streams.items():
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        put_all(logs, group, stream, events)


def put_all(logs: Any, group: str, stream: str, events: list[tuple[int, str]]) -> None:
    """As many at a time as a call takes."""
    for at in range(0, len(events), 5000):
        put = [{"timestamp": 1000 * s, "message": text} for s, text in events[at : at + 5000]]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=put)


def deliver(group: str, log_format: str | None) -> None:
    """Make a flow log that is delivered to the group."""
    ec2 = boto3.client("ec2", region_name=REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    iam = boto3.client("iam", region_name=REGION)
    try:
        role = iam.get_role(RoleName="flows")["Role"]["Arn"]
    except iam.exceptions.NoSuchEntityException:
        role = iam.create_role(RoleName="flows", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    made = ec2.create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[vpc],
        TrafficType="ALL",
        LogGroupName=group,
        DeliverLogsPermissionArn=role,
        **({} if log_format is None else {"LogFormat": log_format}),
    )
    assert made["Unsuccessful"] == []


def ports(source: Any, **kwargs: Any) -> list[int | None]:
    return flowparse.read_table(source, columns=["dstport"], **kwargs)["dstport"].to_pylist()


# ---------------------------------------------------------------- with moto


@pytest.mark.moto
def test_a_group(logs: Any) -> None:
    """Events of all streams come by time, then by stream, with what CloudWatch says of them."""
    fill(
        logs,
        "/vpc/flow",
        {
            "eni-2-all": [(NOW, record(3, NOW)), (NOW + 1, record(5, NOW + 1))],
            "eni-1-all": [(NOW, record(1, NOW)), (NOW, record(2, NOW)), (NOW + 1, "bad")],
        },
    )
    url = f"logs://{REGION}//vpc/flow"
    names = ["dstport", "line", "log_group", "log_stream", "export_timestamp", "source"]
    with flowparse.open_reader(url, columns=names, on_reject="collect") as reader:
        table = pa.Table.from_batches(list(reader), schema=reader.schema)
    assert table["dstport"].to_pylist() == [1, 2, 3, 5]
    assert table["line"].to_pylist() == [1, 2, 3, 5]
    assert set(table["log_group"].to_pylist()) == {"/vpc/flow"}
    assert set(table["source"].to_pylist()) == {url}
    assert table["log_stream"].to_pylist() == ["eni-1-all"] * 2 + ["eni-2-all"] * 2
    times = table["export_timestamp"].cast(pa.int64()).to_pylist()
    assert times == [1000 * NOW] * 3 + [1000 * NOW + 1000]
    assert [(r["line"], r["text"]) for r in reader.rejects.to_pylist()] == [(4, "bad")]
    assert reader.counts.lines == 5


@pytest.mark.moto
@pytest.mark.parametrize("columns", [None, ["dstport"]])
def test_pages(logs: Any, columns: Any) -> None:
    """A group of many pages is read to its end, as a table and as a stream."""
    n = 10_500
    events = [(NOW + at // 100, record(at, NOW + at // 100)) for at in range(n)]
    fill(logs, "g", {"a": events})
    url = f"logs://{REGION}/g"
    assert flowparse.read_table(url, columns=columns)["dstport"].to_pylist() == list(range(n))
    with flowparse.open_reader([url, url], columns=columns) as reader:
        assert reader.read_all()["dstport"].to_pylist() == [*range(n), *range(n)]
        assert reader.counts.objects == 2


@pytest.mark.moto
def test_streams(logs: Any) -> None:
    """Streams are chosen by name or by the beginning of their names."""
    streams = {f"eni-{n}/x": [(NOW, record(n, NOW))] for n in (1, 2, 13)}
    fill(logs, "g", streams)
    group = f"logs://{REGION}/g"
    assert ports(f"{group}?stream=eni-2/x&stream=eni-1%2Fx") == [1, 2]
    assert ports(f"{group}?streams=eni-1") == [1, 13]
    assert ports(f"{group}?streams=eni-9") == []
    assert ports(group, filters=[("log_stream", "!=", "eni-1/x")]) == [13, 2]


@pytest.mark.moto
def test_formats(logs: Any) -> None:
    """The format is what the group's flow logs have; log_format goes first."""
    message = f"192.0.2.1 443 {NOW} {NOW + 59}"
    for group, flow_logs in {"a": [CUSTOM, CUSTOM], "b": [], "c": [CUSTOM, None]}.items():
        fill(logs, group, {"s": [(NOW, message)]})
        for log_format in flow_logs:
            deliver(group, log_format)
    assert ports(f"logs://{REGION}/a") == [443]
    with flowparse.open_reader(f"logs://{REGION}/a") as reader:
        assert reader.schema.names == ["srcaddr", "dstport", "start", "end"]
        assert reader.read_all()["dstport"].to_pylist() == [443]
    other = flowparse.read_table(f"logs://{REGION}/a", log_format="dstaddr dstport start end")
    assert other["dstaddr"].to_pylist() == ["192.0.2.1"]
    with pytest.raises(LogFormatError, match=r"event 1: .*pass log_format"):
        ports(f"logs://{REGION}/b")
    assert ports(f"logs://{REGION}/b", log_format=CUSTOM) == [443]
    with pytest.raises(LogFormatError, match=r"flow logs of 2 formats .* Pass log_format"):
        ports(f"logs://{REGION}/c")
    assert ports(f"logs://{REGION}/c", log_format=CUSTOM) == [443]


@pytest.mark.moto
def test_what_is_not_there(logs: Any) -> None:
    """A group that is missing raises whatever on_reject says; an empty one is zero records."""
    with pytest.raises(SourceError, match=rf"a group whose name is /g/h is logs://{REGION}//g/h"):
        flowparse.read_table(f"logs://{REGION}/g/h", on_reject="collect")
    fill(logs, "empty", {})
    table = flowparse.read_table(f"logs://{REGION}/empty")
    assert (table.num_rows, table.num_columns) == (0, 14)


@pytest.mark.moto
def test_times(logs: Any) -> None:
    """A record that is wanted is found, however its window lies to since and until."""
    events = [(NOW + 60 * n, record(n, NOW + 60 * n)) for n in range(300)]
    fill(logs, "g", {"s": events})
    url = f"logs://{REGION}/g"
    assert ports(url, since=NOW + 6000, until=NOW + 6120) == [100, 101]
    assert ports(url, since=NOW + 6059, until=NOW + 6060) == [100]
    assert ports(url, filters=[("start", "=", NOW + 6000)]) == [100]
    assert ports(url, filters=[[("end", "<", NOW + 61)], [("dstport", "=", 299)]]) == [0, 299]


# ---------------------------------------------------------------- by hand


Answers = Callable[[str, dict[str, Any]], tuple[int, dict[str, Any]]]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answers], list[Any]]]:
    """Serves what a function answers to FilterLogEvents, and notes what was asked."""
    asked: list[Any] = []
    answers: list[Answers] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            if target != "FilterLogEvents":
                status, answer = 403, XML_DENIED
            else:
                asked.append(json.loads(body))
                status, found = answers[0](target, asked[-1])
                answer = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")

    def serve(answer: Answers) -> list[Any]:
        answers.append(answer)
        return asked

    yield serve
    server.shutdown()
    server.server_close()


XML_DENIED = (
    b"<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>"
    b"</Errors><RequestID>1</RequestID></Response>"
)


def event(port: int, second: int, stream: str, number: int = 0) -> dict[str, Any]:
    return {
        "logStreamName": stream,
        "timestamp": 1000 * second,
        "message": record(port, second),
        "ingestionTime": 1000 * second,
        "eventId": f"{number:056d}",
    }


def test_order_does_not_depend_on_pages(service: Any) -> None:
    """Events of one millisecond come by stream and event id, however they are paged."""
    wanted = [event(n, NOW + n // 4, "ab"[n % 4 // 2], n) for n in range(12)]
    mixed = [wanted[n] for n in (3, 1, 2, 0, 7, 6, 5, 4, 8, 11, 10, 9)]
    cuts = [0]

    def answer(_: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        at = int(question.get("nextToken", 0))
        end = at + cuts[0]
        more = {"nextToken": str(end)} if end < len(mixed) else {}
        return 200, {"events": mixed[at:end], **more}

    service(answer)
    for cuts[0] in (1, 3, 5, 12):
        assert ports(f"logs://{REGION}/g") == list(range(12))


def test_throttling_is_waited_for(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's "too fast" is answered by waiting and asking again; nothing is lost or doubled."""
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waited.append)

    def answer(_: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if len(asked) % 4:
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        page = int(question.get("nextToken", 0))
        more = {"nextToken": str(page + 1)} if page < 2 else {}
        return 200, {"events": [event(page, NOW + page, "a")], **more}

    asked = service(answer)
    assert ports(f"logs://{REGION}/g") == [0, 1, 2]
    assert len(asked) == 12
    assert len(waited) == 9


def test_what_is_asked(service: Any) -> None:
    """Times, with an hour to spare, and streams are AWS's to choose by; empty pages go on."""

    def answer(_: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if "nextToken" in question:
            return 200, {"events": [event(1, NOW, "eni-1")]}
        return 200, {"events": [], "nextToken": "t"}

    asked = service(answer)
    assert ports(f"logs://{REGION}//vpc/flow?streams=eni-1", since=NOW, until=NOW + 1) == [1]
    wanted = {
        "logGroupName": "/vpc/flow",
        "interleaved": True,
        "logStreamNamePrefix": "eni-1",
        "startTime": 1000 * (NOW - 3600),
        "endTime": 1000 * (NOW + 3600),
    }
    assert asked == [wanted, {**wanted, "nextToken": "t"}]
    ports(f"logs://{REGION}/g?stream=eni-1", filters=[("start", ">", NOW)])
    assert asked[2]["logStreamNames"] == ["eni-1"]
    assert asked[2]["startTime"] == 1000 * (NOW - 3600)
    assert "endTime" not in asked[2]


def test_who_may_not_read_is_told(service: Any) -> None:
    """A refusal is a SourceError with AWS's reason; under collect the other sources are read."""

    def answer(_: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        message = "User: x is not authorized to perform: logs:FilterLogEvents"
        return 400, {"__type": "AccessDeniedException", "message": message}

    service(answer)
    url = f"logs://{REGION}/g"
    with pytest.raises(SourceError, match=rf"^{url}: FilterLogEvents failed: .*not authorized"):
        ports(url)
    with flowparse.open_reader([url, record(1, NOW).encode()], on_reject="collect") as reader:
        assert reader.read_all().num_rows == 1
    assert reader.errors["source"].to_pylist() == [url]


def test_a_failure_amid_pages_keeps_what_came(service: Any) -> None:
    """What was read before a page failed is kept under collect, and the failure listed."""

    def answer(_: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if "nextToken" in question:
            return 400, {"__type": "InvalidParameterException", "message": "the token is old"}
        return 200, {"events": [event(1, NOW, "a"), event(2, NOW + 1, "a")], "nextToken": "t"}

    service(answer)
    with flowparse.open_reader(f"logs://{REGION}/g", on_reject="collect") as reader:
        assert reader.read_all()["dstport"].to_pylist() == [1, 2]
    [error] = reader.errors.to_pylist()
    assert (error["kind"], error["records_kept"]) == ("SourceError", 2)
    assert "the token is old" in error["message"]


@pytest.mark.parametrize(
    "url",
    [
        "logs://",
        "logs://eu-central-1",
        "logs://eu-central-1/",
        "logs:///g",
        "logs://my-group/eni",
        "logs://eu-central-1/g?prefix=a",
        "logs://eu-central-1/g?stream=",
        "logs://eu-central-1/g?streams=a&streams=b",
        "logs://eu-central-1/g?streams=a&stream=b",
        "logs://eu-central-1/g?" + "&".join(f"stream={n}" for n in range(101)),
    ],
)
def test_what_is_no_log_group(url: str) -> None:
    """A URL of another form is a SourceError that shows the form."""
    with pytest.raises(SourceError, match=r"logs://REGION/GROUP|exclude|100 streams"):
        flowparse.read_table(url, on_reject="collect")


def test_a_dataset_asks_anew_each_time(logs: Any) -> None:
    """A dataset over a group has what the group has when it is asked, and can be sent."""
    fill(logs, "g", {"a": [(NOW + n, record(n, NOW + n)) for n in range(3)]})
    ds = flowparse.dataset(f"logs://{REGION}/g")
    assert ds.count_rows() == 3
    assert ds.to_table(columns=["dstport"], filter=pc.field("dstport") > 1).to_pylist() == [
        {"dstport": 2}
    ]
    put_all(logs, "g", "a", [(NOW + 3, record(3, NOW + 3))])
    assert ds.count_rows() == 4
    [task] = pickle.loads(pickle.dumps(list(ds.tasks())))
    assert sum(batch.num_rows for batch in task()) == 4


def test_a_query_of_a_dataset_passes_its_times_on(service: Any) -> None:
    """The filter of a query bounds what AWS is asked for, of that query alone."""
    asked = service(lambda _, question: (200, {"events": [event(1, NOW, "eni-1")]}))
    ds = flowparse.dataset(f"logs://{REGION}/g")
    late = pc.field("start") >= datetime.fromtimestamp(NOW, UTC)
    assert ds.to_table(filter=late).num_rows == 1
    assert ds.count_rows() == 1
    with_times = ["startTime" in question for question in asked]
    assert with_times[-2:] == [True, False]
