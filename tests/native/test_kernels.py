"""Kernels: builds of the scanner for different CPUs, which differ in nothing but speed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pytest

import flowparse
from flowparse import _core

KERNELS = _core.kernel_names()
BLOCKS = (1, 2, 63, 64, 65, 128, 1000, 262144)
TWO = "instance-tag interface-tag"


@contextmanager
def running(kernel: str, block_bytes: int = 262144) -> Iterator[None]:
    before = _core.set_kernel(kernel), _core.set_block_bytes(block_bytes)
    try:
        yield
    finally:
        _core.set_kernel(before[0])
        _core.set_block_bytes(before[1])


def read(text: bytes, **options: object) -> tuple[pa.Table, pa.Table, object]:
    """The table, the rejects and the counts."""
    with flowparse.open_reader(text, on_reject="collect", **options) as reader:
        table = reader.read_all()
    return table, reader.rejects, reader.counts


def python(code: str, kernel: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FLOWPARSE_KERNEL": kernel}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_every_cpu_runs_the_scalar_kernel() -> None:
    """The scalar kernel is always there, as the last, and the one in use is among them."""
    assert KERNELS[-1] == "scalar"
    assert len(set(KERNELS)) == len(KERNELS)
    assert flowparse.kernel() in KERNELS


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_environment_names_the_kernel(kernel: str) -> None:
    """FLOWPARSE_KERNEL forces a kernel, which then reads."""
    code = (
        "import flowparse; print(flowparse.kernel(), "
        "flowparse.read_table(b'srcaddr\\na\\n').num_rows)"
    )
    assert python(code, kernel).stdout.split() == [kernel, "1"]


def test_an_empty_name_is_the_best_kernel() -> None:
    """With FLOWPARSE_KERNEL set to nothing the best kernel runs."""
    assert python("import flowparse; print(flowparse.kernel())", "").stdout.strip() == KERNELS[0]


@pytest.mark.parametrize("name", ["fast", "AVX2", "scalar "])
def test_an_unknown_name_is_an_import_error_with_the_list(name: str) -> None:
    """An unknown kernel fails the import, with the names that there are."""
    done = python("import flowparse", name)
    assert done.returncode != 0
    assert done.stderr.strip().splitlines()[-1] == (
        f"ImportError: FLOWPARSE_KERNEL: unknown kernel {name!r}: "
        f"this CPU and build have {', '.join(KERNELS)}"
    )


def test_a_kernel_can_be_changed_and_changed_back() -> None:
    """`set_kernel` gives the name of the one before, and refuses unknown names."""
    before = flowparse.kernel()
    with running("scalar"):
        assert flowparse.kernel() == "scalar"
        with pytest.raises(ValueError, match="unknown kernel 'sse9': this CPU and build have"):
            _core.set_kernel("sse9")
        assert flowparse.kernel() == "scalar"
    assert flowparse.kernel() == before


def sweep() -> tuple[bytes, list[tuple[str, str]]]:
    """Lines whose separators stand at every place of a word, and their tokens."""
    separators = (b" ", b"\t", b"  ", b" \t \t ", b" " * 70)
    ends = (b"\n", b"\r\n", b" \n", b"\t\r\r\n", b"\n\n", b"\n" + b" " * 64 + b"\n")
    lines, tokens = [], []
    for size in range(1, 131):
        one, other = "A" * size, "B" * (131 - size)
        separator, end = separators[size % 5], ends[size % 6]
        outer = b" " * (size % 3)
        lines.append(outer + one.encode() + separator + other.encode() + end)
        tokens.append((one, other))
    return b"".join(lines), tokens


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_separators_are_found_at_every_place_of_a_word(kernel: str, block_bytes: int) -> None:
    """Whatever 64 byte word and place a separator stands at, the tokens are those around it."""
    text, tokens = sweep()
    with running(kernel, block_bytes):
        table, rejects, counts = read(text, log_format=TWO, schema="aws")
    assert table.column(0).to_pylist() == [one for one, _ in tokens]
    assert table.column(1).to_pylist() == [other for _, other in tokens]
    assert rejects.num_rows == 0
    assert counts.records + counts.blank == text.count(b"\n")  # type: ignore[attr-defined]


def every_byte(at: int) -> tuple[bytes, list[bytes], list[str]]:
    """A line for each byte but the newline, at a place of its token; its token or its reason."""
    text, tokens, reasons = b"", [], []
    for byte in range(256):
        if byte == 0x0A:
            continue
        token = b"X" * at + bytes([byte]) + b"Y"
        text += token + b" Z\n"
        if byte >= 0x80:
            reasons.append("not-utf8")
        elif byte in b" \t" and at:
            reasons.append("field-count")
        else:
            tokens.append(token.lstrip(b" \t\r") if at == 0 else token)
    return text, tokens, reasons


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_byte_is_judged_alike_at_every_place(kernel: str) -> None:
    """At each place of a word, blanks separate, bytes over 127 must be UTF-8, others are text."""
    with running(kernel):
        for at in range(67):
            text, tokens, reasons = every_byte(at)
            table, rejects, _ = read(text, log_format=TWO, schema="aws")
            assert table.column(0).cast(pa.binary()).to_pylist() == tokens
            assert rejects.column("reason").to_pylist() == reasons


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_kernels_agree_on_rubbish(block_bytes: int) -> None:
    """Of lines made of hostile pieces every kernel gives the same table, rejects and counts."""
    draw = random.Random(20231114)
    pieces = [b" ", b" ", b"\t", b"\n", b"\r\n", b"\r", b"\0", b"-", b"2", b"443", b"99999"]
    pieces += [b"a" * 63, b"version srcaddr dstport\n", "é".encode(), b"\xff", b"2 a 1\n"]
    text = b"version srcaddr dstport\n" + b"".join(draw.choices(pieces, k=3000))
    columns = ["line", "version", "srcaddr", "dstport"]
    found = []
    for kernel in KERNELS:
        with running(kernel, block_bytes):
            found.append(read(text, columns=columns))
    for table, rejects, counts in found:
        table.validate(full=True)
        assert table.equals(found[0][0])
        assert rejects.equals(found[0][1])
        assert counts == found[0][2]
    with running(KERNELS[-1], 262144):
        assert read(text, columns=columns)[1].equals(found[0][1])
