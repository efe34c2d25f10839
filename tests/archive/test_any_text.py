"""Any text comes back, whatever it is."""

from __future__ import annotations

import gzip
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archived import texts_below
from flowparse.archive import archive, restore

EXAMPLES = int(os.environ.get("FLOWPARSE_EXAMPLES", "60"))

TOKENS = st.sampled_from(
    [
        *(b"2", b"443", b"-", b"0", b"007", b"99999", b"eni-1", b"192.0.2.1", b"a\x00b", b"\xff"),
        *(b"\r", b"1795528800", b"1795528800123", b"9223372036854775807", b"2.5", b"NODATA"),
    ]
)
HEADERS = st.sampled_from(
    [
        b"version dstport interface-id",
        b"version srcaddr start end bytes",
        b"dstport",
        b"version dstport dstport",
        b"version account-id tag-name",
    ]
)
BLANKS = st.sampled_from([b" ", b" ", b" ", b"  ", b"\t"])
ENDS = st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b" \n", b"\n\n", b"\r"])


@st.composite
def lines(draw):
    if draw(st.integers(0, 5)) == 0:
        return draw(HEADERS) + draw(ENDS)
    n = draw(st.integers(1, 6))
    blank = draw(BLANKS)
    return blank.join(draw(TOKENS) for _ in range(n)) + draw(ENDS)


@st.composite
def texts(draw):
    begin = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\n"]))
    body = draw(HEADERS) + b"\n" + b"".join(draw(st.lists(lines(), max_size=12)))
    end = draw(st.sampled_from([b"", b"", b"2 443", b"\x00"]))
    return begin + body + end


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(texts(), st.binary(max_size=40)), min_size=1, max_size=4), st.booleans())
def test_any_text_comes_back(bodies, packed):
    """Of any texts, gzip or not, what is archived is restored byte for byte, and nothing else."""
    with tempfile.TemporaryDirectory() as name:
        logs = Path(name) / "logs"
        logs.mkdir()
        for number, body in enumerate(bodies):
            (logs / f"{number}.log").write_bytes(gzip.compress(body) if packed else body)
        result = archive(logs, Path(name) / "kept", verify=True, threads=1)
        assert result.problems.num_rows == 0
        left = set(result.left["object"].to_pylist())
        restore(Path(name) / "kept", Path(name) / "back") if result.objects else None
        wanted = {key: text for key, text in texts_below(logs).items() if key not in left}
        assert (texts_below(Path(name) / "back") if result.objects else {}) == wanted
        for key in left:  # only what begins as another container does
            text = texts_below_raw(logs / key, packed)
            assert text.startswith((b"{", b"PAR1", b"\x1f\x8b"))


def texts_below_raw(path: Path, packed: bool) -> bytes:
    return gzip.decompress(path.read_bytes()) if packed else path.read_bytes()
