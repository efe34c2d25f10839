"""Floor 4: interfaces that no longer say anything while others of their account do."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["find_silences"]

#: Nobody is known to speak more regularly than this.
_MOST = 0.99


def find_silences(status: pa.Table, chance: float, least: int, past: int) -> pa.Table:
    """Silences that are no accident.

    An interface that spoke in the share p of the windows since its first is silent for k of them
    by accident with probability (1 - p)^k. Windows in which nobody of the account spoke do not
    count: there the delivery is at fault, or the data end.

    Parameters
    ----------
    status : pyarrow.Table
        `Facts.status`.
    chance : float
        The probability at which a silence is told.
    least, past : int
        Windows of the shortest silence, and windows in which the interface spoke before.

    Returns
    -------
    pyarrow.Table
        account_id, interface_id, `last` (window in which it spoke), `time` (window in which the
        silence became evident), `windows` (until then) and `share` (p).
    """
    spoken = _windows(status)
    if spoken.num_rows == 0:
        return _SILENCES.empty_table()
    spoken, account_windows = _number(spoken)
    after = _next_number(spoken)
    share = pc.divide(pc.cast(spoken["spoken"], pa.float64()), spoken["lived"])
    silent = pc.subtract(1.0, pc.min_element_wise(share, _MOST))
    bound = pc.ceil(pc.divide(pc.ln(chance), pc.ln(pc.max_element_wise(silent, 1e-12))))
    needed = pc.max_element_wise(pc.cast(bound, pa.int64(), safe=False), least)
    evident = pc.add(spoken["number"], needed)
    told = pc.and_(pc.less(evident, after), pc.greater_equal(spoken["spoken"], past))
    found = pa.table(
        {
            "account_id": spoken["account_id"],
            "interface_id": spoken["interface_id"],
            "last": spoken["window"],
            "number": evident,
            "windows": needed,
            "share": share,
        }
    ).filter(told)
    return found.join(account_windows, ["account_id", "number"], join_type="inner").select(
        _SILENCES.names
    )


_SILENCES = pa.schema(
    [
        ("account_id", pa.string()),
        ("interface_id", pa.string()),
        ("last", pa.timestamp("s", "UTC")),
        ("time", pa.timestamp("s", "UTC")),
        ("windows", pa.int64()),
        ("share", pa.float64()),
    ]
)


def _windows(status: pa.Table) -> pa.Table:
    """Each window in which an interface spoke, once; no nulls."""
    status = status.filter(
        pc.and_(pc.is_valid(status["interface_id"]), pc.is_valid(status["window"]))
    )
    account = pc.fill_null(status["account_id"], "")
    status = status.set_column(status.column_names.index("account_id"), "account_id", account)
    return status.group_by(["account_id", "interface_id", "window"]).aggregate([])


def _number(spoken: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The windows in order, numbered through the account's, with `spoken` and `lived` so far.

    Also the windows of the accounts: account_id, number and time.
    """
    accounts = spoken.group_by(["account_id", "window"]).aggregate([])
    accounts = accounts.sort_by([("account_id", "ascending"), ("window", "ascending")])
    accounts = accounts.append_column("number", _rows(accounts))
    spoken = spoken.join(accounts, ["account_id", "window"], join_type="inner")
    keys = ("account_id", "interface_id", "number")
    spoken = spoken.sort_by([(name, "ascending") for name in keys])
    spoken = spoken.append_column("row", _rows(spoken))
    first = spoken.group_by(["account_id", "interface_id"]).aggregate(
        [("row", "min"), ("number", "min")]
    )
    last = accounts.group_by("account_id").aggregate([("number", "max")])
    spoken = spoken.join(first, ["account_id", "interface_id"], join_type="inner")
    spoken = spoken.join(last, "account_id", join_type="inner").sort_by("row")
    spoken = spoken.append_column(
        "spoken", pc.add(pc.subtract(spoken["row"], spoken["row_min"]), 1)
    ).append_column("lived", pc.add(pc.subtract(spoken["number"], spoken["number_min"]), 1))
    return spoken, accounts.rename_columns(["account_id", "time", "number"])


def _rows(table: pa.Table) -> pa.Array:
    return pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), table.num_rows)), 1)


def _next_number(spoken: pa.Table) -> pa.Array:
    """The window in which each spoke next; after its last, the one after the data."""
    number, first = (spoken[name].combine_chunks() for name in ("number", "row_min"))
    end = pc.add(spoken["number_max"], 1).combine_chunks()
    following = pa.concat_arrays([number[1:], end[-1:]])
    same = pa.concat_arrays([pc.equal(first[1:], first[:-1]), pa.array([False])])
    return pc.if_else(same, following, end)
