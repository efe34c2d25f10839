"""Floor 3: what pyarrow's own C++ meets when it scans a `FlowDataset`: Arrow files.

Whoever calls the dataset's methods has columns and filters pushed down, and never comes here. But
pyarrow's `UnionDataset`, its C++ `Scanner` and engines that ask for fragments go past those methods
to the C++ dataset below. That one has a file for each task, in a file system of ours where to open
a file is to read the task: the same records, only nothing is pushed down.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Final, NoReturn

import pyarrow as pa
from pyarrow.fs import FileInfo, FileSystemHandler, FileType

from flowparse.scanning.scan import FlowScan
from flowparse.sources import Source

__all__ = ["FRAGMENT_BYTES", "TASK_BYTES", "TaskFiles", "split_sources"]

#: Stored bytes of sources that are one task, where each is smaller than that.
TASK_BYTES: Final = 32 << 20
#: The same of a fragment, which is in memory as a whole.
FRAGMENT_BYTES: Final = 4 << 20
#: Of the files made last so many bytes are kept: each is opened for its footer first.
_KEPT_BYTES: Final = 64 << 20


def split_sources(sources: Sequence[Source], task_bytes: int) -> list[slice]:
    """Runs of sources of about so many bytes; one whose size is not known is alone."""
    parts: list[slice] = []
    begin = held_bytes = 0
    for number, source in enumerate(sources):
        size = task_bytes if source.size is None else source.size
        if number > begin and held_bytes + size > task_bytes:
            parts.append(slice(begin, number))
            begin, held_bytes = number, 0
        held_bytes += size
    if begin < len(sources):
        parts.append(slice(begin, len(sources)))
    return parts


class TaskFiles(FileSystemHandler):  # type: ignore[misc]
    """A file system whose files are tasks, by number; to open one is to read it.

    Parameters
    ----------
    tasks : list of FlowScan
        File `"0"` is the first.
    """

    def __init__(self, tasks: list[FlowScan]) -> None:
        self._tasks = tasks
        self._kept: dict[str, pa.Buffer] = {}
        self._lock = Lock()  # pyarrow opens files from many threads

    def get_type_name(self) -> str:
        """Of this kind of file system."""
        return "flowparse"

    def normalize_path(self, path: str) -> str:
        """Paths are numbers."""
        return path

    def get_file_info(self, paths: list[str]) -> list[FileInfo]:
        """Each is a file."""
        return [FileInfo(path, FileType.File) for path in paths]

    def open_input_file(self, path: str) -> pa.NativeFile:
        """Read a task into an Arrow file in memory."""
        with self._lock:
            data = self._kept.pop(path, None)
        data = data or self._read(path)
        with self._lock:
            self._kept[path] = data
            while sum(kept.size for kept in self._kept.values()) > _KEPT_BYTES:
                self._kept.pop(next(iter(self._kept)))
        return pa.BufferReader(data)

    open_input_stream = open_input_file

    def _read(self, path: str) -> pa.Buffer:
        table = self._tasks[int(path)].read_table()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as file:
            file.write_table(table)
        return sink.getvalue()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError("the files of a FlowDataset can only be read")

    get_file_info_selector = _refuse
    open_output_stream = open_append_stream = _refuse
    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _refuse
    delete_file = move = copy_file = _refuse
