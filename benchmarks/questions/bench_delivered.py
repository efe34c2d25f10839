"""One object that AWS delivers as Parquet, on one thread, beside pyarrow's own reading of it.

pyarrow takes the columns as they are. flowparse judges them: it looks for `-` and for numbers out
of range, reads the log status for the counts, and gives the schema that text has.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import flowparse
from corpus import DEFAULT, Corpora
from race import Race


@pytest.mark.parametrize(
    ("what", "columns"),
    [("all columns", None), ("two columns", ["srcaddr", "bytes"])],
)
def bench_delivered(
    race: Race, corpora: Corpora, tmp_path: Path, what: str, columns: list[str] | None
) -> None:
    log = corpora.log(DEFAULT)
    delivered = tmp_path / "a.log.parquet"
    text = flowparse.read_table(log.gzip, schema="aws")
    pq.write_table(text, delivered, compression="gzip", store_schema=False)
    ours = flowparse.read_table(delivered, schema="aws", columns=columns)
    assert ours.equals(pq.read_table(delivered, columns=columns))
    race.question(
        f"{what} of AWS's Parquet, one thread, against pyarrow",
        log,
        lambda: flowparse.read_table(delivered, columns=columns, threads=1),
        {
            "pyarrow.parquet": lambda: pq.read_table(delivered, columns=columns, use_threads=False),
            "pyarrow.dataset": lambda: ds.dataset(delivered).to_table(columns, use_threads=False),
        },
        least=0.67,
    )
