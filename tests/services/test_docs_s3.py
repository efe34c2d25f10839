"""The examples of the page on S3 run, on a real server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import flowparse
from services.test_s3 import STAMP, key_of, log_of

PAGE = Path(__file__).resolve().parents[2] / "docs/s3.md"


@pytest.mark.skipif(not PAGE.is_file(), reason="docs are not beside these tests")
def test_the_page_on_s3_runs(
    moto: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each example prints what the page says, where the bucket has an hour of two regions."""
    client = moto.client("s3")
    moto.reset()
    client.create_bucket(Bucket="flow-logs")
    for n in range(12):
        stamp = STAMP.replace(minute=0) + timedelta(minutes=5 * n)
        for region in ("us-east-1", "eu-west-1"):
            log = rejected(log_of(stamp, rows=1), region)
            client.put_object(Bucket="flow-logs", Key=key_of(stamp, region=region), Body=log)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto.endpoint)
    namespace: dict[str, Any] = {}
    blocks = PAGE.read_text().split("```")
    examples = [block for block in blocks if block.startswith(("python\n", "text\n"))]
    for code, shown in zip(examples[::2], examples[1::2], strict=True):
        exec(code.removeprefix("python\n"), namespace)
        assert capsys.readouterr().out.strip() == shown.removeprefix("text\n").strip()


def rejected(log: bytes, region: str) -> bytes:
    """The log with another action, and a column for the region."""
    import gzip

    header, *lines = gzip.decompress(log).decode().replace("ACCEPT", "REJECT").splitlines()
    text = "\n".join([f"{header} region", *(f"{line} {region}" for line in lines)])
    assert flowparse.read_table(text.encode()).num_rows == len(lines)
    return gzip.compress(text.encode())
