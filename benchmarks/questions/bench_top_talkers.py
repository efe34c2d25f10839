"""The 20 pairs of addresses with most bytes, of 16 gzip objects, on all cores.

Everyone gives bytes, packets, records, the earliest start and the latest end of each pair, sorted.
Then each runs once more in a process of its own, which tells its peak memory.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from corpus import Corpora, Objects
    from race import Race

MOST_MIB = 400
OURS = "flowparse"
RIVALS = ("polars_streaming", "duckdb_csv", "pyarrow_csv")
NAMES = ("srcaddr", "dstaddr", "bytes", "packets", "records", "start", "end")


def ask(name: str, folder: Path) -> Any:
    """What one of them gives its users."""
    if name == OURS:
        from flowparse import aggregate

        return aggregate.top_talkers(folder)
    from corpus import DEFAULT

    paths = [str(path) for path in sorted(folder.iterdir())]
    return import_module(f"rivals.{name}").top_talkers(paths, DEFAULT)


def rows_of(result: Any) -> list[tuple[Any, ...]]:
    """The same rows of everyone."""
    table = result if isinstance(result, pa.Table) else result.to_arrow()
    if "first_seen" in table.column_names:
        table = table.drop_columns("share")
        seen = [table[name].cast(pa.int64()) for name in ("first_seen", "last_seen")]
        table = table.drop_columns(["first_seen", "last_seen"])
        table = table.append_column("start", seen[0]).append_column("end", seen[1])
    columns = [table[name].to_pylist() for name in NAMES]
    return list(zip(*columns, strict=True))


def peak_of(name: str, objects: Objects) -> float:
    """MiB above import, in a process of its own."""
    here = Path(__file__)
    command = [sys.executable, "-W", "error", str(here), name, str(objects.folder)]
    found = {"PYTHONPATH": f"{here.parents[1]}:{here.parent}"}
    from os import environ

    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environ | found)
    return float(done.stdout)


def bench_top_talkers(race: Race, corpora: Corpora) -> None:
    """Who agrees may race."""
    import rivals

    objects = corpora.objects()
    field = rivals.gather(*RIVALS)
    wanted = rows_of(ask(OURS, objects.folder))
    for name in field.present:
        assert rows_of(ask(name, objects.folder)) == wanted, name
    race.question(
        "top 20 talkers of 16 objects, against the best engine",
        objects,
        partial(ask, OURS, objects.folder),
        {name: partial(ask, name, objects.folder) for name in field.present},
        least=3.0,
        rounds=5,
        field=field,
    )
    peaks = {name: peak_of(name, objects) for name in (OURS, *field.present)}
    lines = [", ".join(f"{name} {mib:.0f} MiB" for name, mib in peaks.items())]
    race.answer("peak MiB above import, top talkers", peaks[OURS], MOST_MIB, True, lines)


if __name__ == "__main__":
    from bench_memory import peak_mib

    who, where = sys.argv[1:]
    if who != OURS:
        import_module(f"rivals.{who}")
    before = peak_mib()
    ask(who, Path(where))
    print(peak_mib() - before)
