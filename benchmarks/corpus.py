"""Seeded corpora, made once and kept: one file a format, as text and as gzip."""

from __future__ import annotations

import argparse
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from flowparse import LogFormat
from flowparse.testing import Network

DEFAULT = LogFormat.default()
#: The 29 fields of versions 2 to 5, in AWS's order.
CUSTOM = LogFormat(LogFormat.all_fields().fields[:29])


@dataclass(frozen=True)
class Corpus:
    """One log, as text and as gzip."""

    text: Path
    gzip: Path
    records: int

    @property
    def ratio(self) -> float:
        """Text bytes for each gzip byte."""
        return self.text.stat().st_size / self.gzip.stat().st_size


def make_corpus(folder: Path, log_format: LogFormat, records: int) -> Corpus:
    """The log of `records` records, from the folder if it was made before."""
    name = f"{len(log_format)}-fields-{records}-records"
    corpus = Corpus(folder / f"{name}.log", folder / f"{name}.log.gz", records)
    if not corpus.gzip.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(corpus, log_format)
    return corpus


def _write(corpus: Corpus, log_format: LogFormat) -> None:
    """The gzip file comes last and whole, so that it tells of a finished corpus."""
    network = Network(seed=1, interfaces=400, peers=100_000)
    deflater = zlib.compressobj(6, zlib.DEFLATED, 31)
    aside = corpus.gzip.with_suffix(".part")
    with corpus.text.open("wb") as text, aside.open("wb") as packed:
        for block in network.blocks(log_format, records=corpus.records):
            text.write(block)
            packed.write(deflater.compress(block))
        packed.write(deflater.flush())
    aside.replace(corpus.gzip)


def read_arguments(about: str, records: int) -> argparse.Namespace:
    """`--records`, `--rounds` and `--folder`, which every benchmark has."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--records", type=int, default=records)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "flowparse-bench"
    )
    return parser.parse_args()
