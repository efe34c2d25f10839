"""Floor 3: the lines of ingested objects that are no records, kept in the folder of the state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyarrow as pa

from flowparse.writing.staging import StagedFile, naming

__all__ = ["Rejects"]

_SUFFIX: Final = ".parquet"


class Rejects:
    """A folder of Parquet files, one a unit that has any, with the columns of `FlowReader.rejects`.

    Parameters
    ----------
    state : Path
        The folder of the state.
    """

    def __init__(self, state: Path) -> None:
        self.folder = state / "rejects"

    def write(self, unit: str, rejects: pa.Table) -> None:
        """Keep the rejects of a unit, before it is recorded."""
        if rejects.num_rows == 0:
            return
        import pyarrow.parquet as pq  # here, because most units need none of it

        path = self._path(unit)
        with naming(path, "cannot be written"):
            self.folder.mkdir(exist_ok=True)
        staged = StagedFile(path.with_suffix(".new"), path)
        with naming(path, "cannot be written"):
            staged.path.unlink(missing_ok=True)
        sink = pa.BufferOutputStream()
        pq.write_table(rejects, sink, compression="zstd")
        with staged.opened():
            staged.write(sink.getvalue())
        staged.seal()
        with naming(path, "cannot be put in place"):
            staged.path.replace(path)

    def drop(self, unit: str) -> None:
        """Remove the rejects of a unit, if it has any."""
        with naming(self._path(unit), "cannot be removed"):
            self._path(unit).unlink(missing_ok=True)

    def sweep(self, is_known: Callable[[str], bool]) -> None:
        """Remove those of units that were never recorded."""
        for path in self.folder.glob("*"):
            if path.suffix != _SUFFIX or not is_known(path.stem):
                with naming(path, "cannot be removed"):
                    path.unlink()

    def _path(self, unit: str) -> Path:
        return self.folder / f"{unit}{_SUFFIX}"
