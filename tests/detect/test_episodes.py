"""Windows that follow one another join."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from flowparse.detect.episodes import join_windows
from strategies import LAW

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(-9, 9)), max_size=30)


def table(rows: list[tuple[str | None, int]]) -> pa.Table:
    return pa.table(
        {
            "host": pa.array([host for host, _ in rows], pa.string()),
            "window": pa.array([600 * n for _, n in rows], pa.timestamp("s", "UTC")),
        }
    )


@LAW
@given(ROWS, st.integers(0, 3))
def test_an_episode_ends_where_a_window_is_missing(
    rows: list[tuple[str | None, int]], skip: int
) -> None:
    """Two rows share an episode iff the host is the same and no gap between them is too wide."""
    found = join_windows(table(rows), ["host"], "window", 600, skip=skip)
    seen: dict[int, list[tuple[str | None, int]]] = {}
    windows = pc.cast(found["window"], pa.int64()).to_pylist()
    for host, at, episode in zip(
        found["host"].to_pylist(), windows, found["episode"].to_pylist(), strict=True
    ):
        seen.setdefault(episode, []).append((host, at // 600))
    by_hand: list[list[tuple[str | None, int]]] = []
    for host in ("a", "b", None):
        windows = sorted(n for name, n in rows if name == host)
        for n in windows:
            last = by_hand[-1][-1] if by_hand else None
            if last and last[0] == host and n - last[1] <= 1 + skip:
                by_hand[-1].append((host, n))
            else:
                by_hand.append([(host, n)])
    assert list(seen.values()) == by_hand
