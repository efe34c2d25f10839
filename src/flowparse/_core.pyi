from collections.abc import Sequence
from typing import Final

import pyarrow as pa

EVENT_INPUT: Final = 1
EVENT_FIRST_LINE: Final = 2
EVENT_HEADER: Final = 3
EVENT_BATCH: Final = 4
EVENT_END: Final = 5
BATCH_ROWS: Final = 65536
REASONS: Final[tuple[str, ...]]
REJECT_SCHEMA: Final[pa.Schema]

Term = tuple[
    int,
    int,
    int,
    int,
    Sequence[int],
    Sequence[bytes],
    Sequence[tuple[int, int]],
    Sequence[tuple[int, int]],
]

INT32: Final = 0
INT64: Final = 1
TEXT: Final = 2
CODES: Final = 3

class Layout:
    def __init__(
        self,
        fields: Sequence[tuple[str, int, int]],
        targets: Sequence[tuple[int, int]],
        terms: Sequence[Term] | None,
    ) -> None: ...
    def refilter(self, terms: Sequence[Term]) -> None: ...

class Parser:
    def __init__(self, batch_rows: int = ...) -> None: ...
    def begin(self, source: bytes) -> None: ...
    def next(self, source: bytes) -> None: ...
    def take(
        self, source: bytes, text: bytes, header: bytes | None, layout: Layout | None
    ) -> tuple[int, bool]: ...
    def set_batch(self, rows: int) -> None: ...
    def write(self, data: bytes) -> None: ...
    def finish(self, whole: bool) -> None: ...
    def step(self) -> int: ...
    def line(self) -> tuple[bytes, int, int, bool]: ...
    def use(self, layout: Layout, taken: bool) -> None: ...
    def counts(self) -> tuple[int, int, int, int, int, int, int]: ...
    @property
    def rows(self) -> int: ...
    @property
    def rejects(self) -> int: ...
    def export(self, schema: pa.Schema) -> pa.RecordBatch: ...
    def export_rejects(self) -> pa.RecordBatch: ...

class Pages:
    @property
    def dictionary(self) -> pa.Buffer: ...
    @property
    def n_dictionary(self) -> int: ...
    @property
    def pages(self) -> list[tuple[pa.Buffer, int, bool]]: ...
    @property
    def nulls(self) -> int: ...
    @property
    def bounds(self) -> tuple[int, int] | tuple[bytes, bytes] | None: ...

def encode_pages(
    arrays: Sequence[pa.Array],
    kind: int,
    scale: int,
    nullable: bool,
    *,
    page_rows: int,
    page_bytes: int,
    dictionary_bytes: int,
) -> Pages | None: ...

KEY_INT32: int
KEY_INT64: int
KEY_BOOL: int
KEY_TEXT: int
KEY_CODES: int
COUNT: int
VALID: int
SUM: int
MIN: int
MAX: int
OR: int
MINUTES: int
GROUP_KEYS_MAX: int
GROUP_MEASURES_MAX: int

class GroupTable:
    def __init__(
        self, keys: Sequence[tuple[int, int]], measures: Sequence[tuple[int, int, int]]
    ) -> None: ...
    def __len__(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def add(
        self,
        keys: Sequence[pa.Array],
        measures: Sequence[pa.Array | None],
        where: pa.BooleanArray | None,
        n: int,
        numbered: bool = False,
    ) -> pa.Buffer | None: ...
    def absorb(self, other: GroupTable) -> None: ...
    def key(
        self, key: int, ids: pa.Buffer | None = None, first: int = 0, n: int = 0
    ) -> tuple[list[pa.Buffer], int] | None: ...
    def values(self, key: int) -> list[bytes]: ...
    def measure(
        self, measure: int, ids: pa.Buffer | None = None, first: int = 0, n: int = 0
    ) -> tuple[list[pa.Buffer], int, int | None]: ...
    def total(self, measure: int, group: int | None = None) -> int: ...
    def top(self, measure: int, limit: int) -> pa.Buffer: ...

def kernel() -> str: ...
def kernel_names() -> tuple[str, ...]: ...
def set_kernel(name: str) -> str: ...
def set_block_bytes(n: int) -> int: ...
