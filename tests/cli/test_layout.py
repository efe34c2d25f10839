from __future__ import annotations

from flowparse.cli.layout import lay_out


def test_all_columns_where_they_fit():
    """Widths of 5 and 4 with 2 between them fit into 11 characters, and not into 10."""
    columns = {"aaaaa": ["1", "2"], "b": ["4444", "5"]}
    assert lay_out(columns, 11).shown == ["aaaaa", "b"]
    assert lay_out(columns, 10).hidden == ["b"]


def test_one_record_stands_upright_where_it_is_too_wide():
    """One row that does not fit loses no column."""
    layout = lay_out({"a": ["x" * 30], "b": ["y" * 30]}, 40)
    assert layout.upright
    assert (layout.shown, layout.hidden) == (["a", "b"], [])


def test_columns_that_never_change_make_room():
    """A column with one value in all rows is said once, so that the others fit."""
    columns = {"same": ["xxxxxxxxxx"] * 2, "a": ["1", "2"], "b": ["3", "4"]}
    layout = lay_out(columns, 10)
    assert (layout.shown, layout.same, layout.hidden) == (["a", "b"], ["same"], [])


def test_the_most_telling_columns_stay():
    """Where there is room for one, srcaddr stays, wherever it stands."""
    columns = {"version": ["2", "3"], "srcaddr": ["10.0.0.1", "10.0.0.2"]}
    layout = lay_out(columns, 12)
    assert (layout.shown, layout.hidden) == (["srcaddr"], ["version"])


def test_the_first_columns_asked_for_stay():
    """Where the caller chose the columns, the first ones stay, constant or not."""
    columns = {"version": ["2", "2"], "srcaddr": ["10.0.0.1", "10.0.0.2"]}
    layout = lay_out(columns, 12, asked=True)
    assert (layout.shown, layout.hidden) == (["version"], ["srcaddr"])


def test_rows_that_are_all_alike():
    """A table of equal rows still has a column."""
    layout = lay_out({"a": ["x" * 9] * 2, "b": ["y" * 9] * 2}, 12)
    assert (layout.shown, layout.same) == (["a"], ["b"])


def test_no_column_is_lost():
    """Every column is in exactly one of the lists, whatever the width."""
    columns = {name: [name * 3, name] for name in "abcdefgh"} | {"z": ["1", "1"]}
    for width in range(1, 60):
        layout = lay_out(columns, width)
        assert sorted([*layout.shown, *layout.same, *layout.hidden]) == sorted(columns)


def test_a_long_value_takes_no_more_than_40():
    """A column of 90 characters is given 40, its cells are folded."""
    assert lay_out({"arn": ["x" * 90, "y"]}, 50).widths == {"arn": 40}
