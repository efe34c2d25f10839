"""pyarrow.csv: one blank as the delimiter, `-` as null, types given, no quotes.

It checks no range, takes a second header or a run of blanks for damage, and gives up the whole
file at the first bad line. Times stay integers.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.csv

from flowparse import LogFormat
from flowparse.fields import FIELDS

VERSION = pa.__version__

_TEXT = pa.dictionary(pa.int32(), pa.string())
_TYPES = {"int32": pa.int32(), "int64": pa.int64(), "time": pa.int64(), "address": pa.string()}


def column_types(log_format: LogFormat) -> dict[str, pa.DataType]:
    """The type of each field, to be given."""
    return {name: _TYPES.get(FIELDS[name].kind, _TEXT) for name in log_format}


def read(paths: list[str], log_format: LogFormat, threads: int | None) -> pa.Table:
    """What a user of pyarrow writes."""
    types = column_types(log_format)
    return pa.concat_tables(
        pyarrow.csv.read_csv(
            path,
            read_options=pyarrow.csv.ReadOptions(use_threads=threads != 1),
            parse_options=pyarrow.csv.ParseOptions(delimiter=" ", quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types, null_values=["-"], strings_can_be_null=True
            ),
        )
        for path in paths
    )


def top_talkers(paths: list[str], log_format: LogFormat) -> pa.Table:
    """The 20 pairs with most bytes, of a table of all records."""
    measures = [("bytes", "sum"), ("packets", "sum"), ([], "count_all")]
    measures += [("start", "min"), ("end", "max")]
    found = read(paths, log_format, None).group_by(["srcaddr", "dstaddr"]).aggregate(measures)
    found = found.select([0, 1, 2, 3, 4, 5, 6]).rename_columns(
        ["srcaddr", "dstaddr", "bytes", "packets", "records", "start", "end"]
    )
    order = [("bytes", "descending"), ("srcaddr", "ascending"), ("dstaddr", "ascending")]
    return found.sort_by(order).slice(0, 20)


def to_arrow(result: pa.Table) -> pa.Table:
    """As it is."""
    return result


def write_text(table: pa.Table, destination: str) -> None:
    """The columns of a table as text with blanks. Nulls are empty, for it knows no other text for
    them, so what it writes does not read back.
    """
    options = pyarrow.csv.WriteOptions(
        delimiter=" ", quoting_style="none", quoting_header="none", batch_size=16384
    )
    pyarrow.csv.write_csv(table, destination, options)
