"""One gzip object to a typed table, on one thread: flowparse against pyarrow.csv.

pyarrow.csv gets what it can take: one blank as the delimiter, `-` as null, types given, the
header. It checks no ranges, and knows no second header, run of blanks or reject. Bare
inflation of the same bytes, by the same ISA-L, is the floor under both.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
from isal import igzip_lib

import flowparse
from clock import best_seconds, print_ratios
from corpus import CUSTOM, DEFAULT, Corpus, make_corpus, read_arguments
from flowparse import LogFormat
from flowparse.fields import FIELDS

TYPES = {"int32": pa.int32(), "int64": pa.int64(), "time": pa.int64(), "address": pa.string()}


def read_csv(path: Path, log_format: LogFormat) -> pa.Table:
    """What a user of pyarrow writes, with the types given."""
    types = {
        name: TYPES.get(FIELDS[name].kind, pa.dictionary(pa.int32(), pa.string()))
        for name in log_format
    }
    return pyarrow.csv.read_csv(
        path,
        read_options=pyarrow.csv.ReadOptions(use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(delimiter=" ", quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types, null_values=["-"], strings_can_be_null=True
        ),
    )


def inflate(packed: bytes) -> None:
    """ISA-L alone, 256 KiB at a time."""
    inflater = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
    at = 0
    while not inflater.eof:
        piece = packed[at : at + 131072] if inflater.needs_input else b""
        at += len(piece)
        inflater.decompress(piece, 262144)


def compare(label: str, corpus: Corpus, log_format: LogFormat, rounds: int) -> None:
    """Both readers agree on the rows, then race."""
    table, csv = flowparse.read_table(corpus.gzip), read_csv(corpus.gzip, log_format)
    if table.num_rows != csv.num_rows or not table["bytes"].equals(csv["bytes"]):
        raise SystemExit("the readers do not agree")
    packed = corpus.gzip.read_bytes()
    best = best_seconds(
        {
            "flowparse, one thread": lambda: flowparse.read_table(corpus.gzip, threads=1),
            "pyarrow.csv, one thread": lambda: read_csv(corpus.gzip, log_format),
            "bare inflation": lambda: inflate(packed),
        },
        rounds,
    )
    size = corpus.text.stat().st_size
    print(f"{label}: {corpus.records} records, {size / 1e6:.0f} MB, gzip {corpus.ratio:.1f} to 1")
    print_ratios(best, "flowparse, one thread", size, corpus.records)
    share = best["bare inflation"] / best["flowparse, one thread"]
    print(f"  share of bare inflation: {share:.2f}")


def main() -> None:
    """Both formats."""
    arguments = read_arguments(__doc__ or "", records=1_000_000)
    print(f"kernel {flowparse.kernel()}, pyarrow {pa.__version__}")
    for label, log_format in (("default format", DEFAULT), ("29 fields", CUSTOM)):
        corpus = make_corpus(arguments.folder, log_format, arguments.records)
        compare(label, corpus, log_format, arguments.rounds)


if __name__ == "__main__":
    main()
