"""Floor 2: values of tags, readable again."""

from __future__ import annotations

from typing import Any

from flowparse import _core
from flowparse.compute.arrays import Column, map_text

__all__ = ["decode_tag"]


def decode_tag(values: Any) -> Column:
    """Values of tags without their percent-encoding.

    Flow logs of version 11 write special characters of `instance_tag`, `interface_tag`, `asg_tag`
    and their like as UTF-8 bytes behind `%`.

    Parameters
    ----------
    values : Array, ChunkedArray, list of str, or str
        Text; see the module.

    Returns
    -------
    Array or ChunkedArray
        Strings, or dictionary<int32, string> for a dictionary. Nothing is lost: a `%` that no two
        hex digits follow stays as it stands, and so does a value whose bytes would not be UTF-8.

    Raises
    ------
    TypeError
        The values are no text.

    Examples
    --------
    >>> from flowparse import compute
    >>> compute.decode_tag(["caf%C3%A9%20bar", "100%", "%FF"]).to_pylist()
    ['café bar', '100%', '%FF']
    """
    return map_text(values, "values", _core.decode_tags, keep_dictionary=True)
