"""A run that is killed between any two of its steps that leave something behind."""

from __future__ import annotations

import gzip
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import flowparse

pytestmark = pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork")

#: Runs `ingest` in a child for each n, which is killed before its n-th step; a line for each.
KILLER = """
    import os, signal, shutil, sys
    from pathlib import Path
    import flowparse
    from flowparse.ingesting import places, rejects, staged, state
    import flowparse.incremental

    logs, kept, folder = map(Path, sys.argv[1:])
    steps = 0

    def step(n, owner, name):
        inner = getattr(owner, name)
        def outer(*arguments, **options):
            global steps
            steps += 1
            if steps == n:
                os.kill(os.getpid(), signal.SIGKILL)
            return inner(*arguments, **options)
        setattr(owner, name, outer)

    for n in range(1, 1000):
        for name in ("flows", "flows.ingest"):
            shutil.copytree(kept / name, folder / str(n) / name)
        child = os.fork()
        if child == 0:
            for owner, names in (
                (places.Folder, ("put", "delete", "sync")),
                (rejects.Rejects, ("write", "drop")),
                (staged.Staged, ("__init__", "seal", "__exit__")),
                (state.State, ("begin", "finish", "forget")),
            ):
                for name in names:
                    step(n, owner, name)
            flowparse.ingest(
                logs, folder / str(n) / "flows", state=folder / str(n) / "flows.ingest",
                unit_objects=2, on_reject="collect", threads=1,
            )
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(n, os.waitstatus_to_exitcode(status), flush=True)
        if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
            break
"""


def log(*ports: int | str) -> bytes:
    lines = "".join(f"2 {port}\n" for port in ports)
    return gzip.compress(f"version dstport\n{lines}".encode())


def ports_of(folder: Path) -> list[int]:
    tables = [pq.read_table(path)["dstport"].to_pylist() for path in folder.rglob("*.parquet")]
    return sorted(port for table in tables for port in table)


def rejects_of(state: Path) -> list[str]:
    paths = (state / "rejects").glob("*")
    return sorted(t for path in paths for t in pq.read_table(path)["text"].to_pylist())


def test_killed_between_any_two_steps(tmp_path):
    """Of new objects, changed ones and rejects, nothing is lost or doubled wherever it stops."""
    logs, kept, work = tmp_path / "logs", tmp_path / "kept", tmp_path / "work"
    logs.mkdir()
    for name, body in (("a", log(1, "x")), ("b", log(2)), ("c", log(3)), ("d", log(4, "y"))):
        (logs / f"{name}.gz").write_bytes(body)
    flowparse.ingest(logs, kept / "flows", unit_objects=2, on_reject="collect")
    assert ports_of(kept / "flows") == [1, 2, 3, 4]
    (logs / "b.gz").write_bytes(log(20, "z"))
    for name, port in (("e", 5), ("f", 6), ("g", 7)):
        (logs / f"{name}.gz").write_bytes(log(port))
    # The copies of the data set are other places: the state is told of none.
    forget = "delete from settings where name = 'destination'"
    command = [sys.executable, "-c", textwrap.dedent(KILLER), str(logs), str(kept), str(work)]
    run_sql(kept / "flows.ingest" / "state.db", forget)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)

    codes = [int(line.split()[1]) for line in done.stdout.splitlines()]
    assert codes[-1] == 0, done.stderr
    assert set(codes[:-1]) == {-9}
    assert len(codes) > 20
    for n in range(1, len(codes) + 1):
        folder, state = work / str(n) / "flows", work / str(n) / "flows.ingest"
        result = flowparse.ingest(
            logs, folder, state=state, unit_objects=2, on_reject="collect", threads=1
        )
        assert ports_of(folder) == [1, 3, 4, 5, 6, 7, 20], f"killed before step {n}"
        assert rejects_of(state) == ["2 x", "2 y", "2 z"], f"killed before step {n}"
        assert result.failed == 0
        assert not (state / "staging").exists()


def run_sql(database: Path, statement: str) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)
