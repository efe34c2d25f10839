"""Floor 4: what private hosts sent to public addresses."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from flowparse.compute import is_private

__all__ = ["uploads_of"]

_KEPT: Final = (
    "account_id",
    "interface_id",
    "port",
    "protocol",
    "records",
    "packets",
    "bytes",
    "first_seen",
    "last_seen",
)


def uploads_of(talks: pa.Table) -> pa.Table:
    """Of accepted talks, what went from a private address to a public one, in either role."""
    talks = talks.filter(pc.fill_null(pc.not_equal(talks["action"], "REJECT"), True))
    answer, client, server = talks["is_answer"], talks["client"], talks["server"]
    sender, taker = pc.if_else(answer, server, client), pc.if_else(answer, client, server)
    out = pc.and_(is_private(sender), pc.invert(is_private(taker)))
    columns = {"window": talks["hour"], "host": sender, "peer": taker}
    columns |= {name: talks[name] for name in _KEPT}
    return pa.table(columns).filter(out)
