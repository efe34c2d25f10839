"""A small delivery under AWS's keys, of which a test may spoil objects that must not be opened."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["ACCOUNTS", "HOUR", "LOG", "OTHER", "REGIONS", "Delivery", "T", "object_path"]

T = 1_700_000_100  # 2023-11-14T22:15:00Z, a multiple of five minutes
HOUR = 3600
ACCOUNTS = ("111122223333", "444455556666")
REGIONS = ("us-east-1", "eu-west-1")
#: Texts without places in time.
LOG = b"""version srcaddr dstport action
2 192.0.2.1 443 ACCEPT
2 192.0.2.2 22 REJECT
2 192.0.2.3 - -
"""
OTHER = b"version srcaddr tcp-flags future-a\n3 198.51.100.1 2 x\n"
FIELDS = "version account-id region srcaddr dstport action start end"


def object_path(stamp: int, account: str, region: str, flow_log_id: str = "fl-0a1b2c3d") -> str:
    """Where AWS puts an object."""
    at = datetime.fromtimestamp(stamp, UTC)
    return (
        f"AWSLogs/{account}/vpcflowlogs/{region}/{at:%Y/%m/%d}/{account}_vpcflowlogs_{region}_"
        f"{flow_log_id}_{at:%Y%m%dT%H%MZ}_fe123456.log.gz"
    )


class Delivery:
    """Eight objects: two accounts, two regions, two hours; two records each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths: dict[tuple[str, str, int], Path] = {}
        for hour in (0, 1):
            for account in ACCOUNTS:
                for region in REGIONS:
                    self._write(account, region, hour)

    def _write(self, account: str, region: str, hour: int) -> None:
        stamp = T + hour * HOUR
        lines = [FIELDS, *(self.record(account, region, stamp, n) for n in range(2))]
        path = self.folder / object_path(stamp, account, region)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
        self.paths[account, region, hour] = path

    @staticmethod
    def record(account: str, region: str, stamp: int, n: int) -> str:
        action = ("ACCEPT", "REJECT")[n]
        return f"5 {account} {region} 10.0.0.{n} {22 + n} {action} {stamp} {stamp + 60 * n}"

    def spoil_all_but(self, *kept: tuple[str, str, int]) -> None:
        """What is opened now, beside those, is an error."""
        for place, path in self.paths.items():
            if place not in kept:
                path.write_bytes(b"\x1f\x8b spoiled")
