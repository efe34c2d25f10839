"""Topic `flowparse.compute`: functions over the columns of flow logs, in the native core.

Each takes a pyarrow Array or ChunkedArray, of plain or of dictionary type and sliced or not, or a
list or a single Python value, and gives as many rows: a ChunkedArray for one, an Array for
anything else. Null in, null out. Text is what a column of `read_table` holds; an address is one
as RFC 4291 and dotted decimal write it, without leading zeros, blanks or a zone.
"""

from __future__ import annotations

from flowparse.compute.addresses import address_to_binary, binary_to_address, network_of
from flowparse.compute.awsranges import load_aws_ranges
from flowparse.compute.community import community_id
from flowparse.compute.geo import as_name_of, asn_of, country_of
from flowparse.compute.inventories import load_networks
from flowparse.compute.lists import load_threat_list
from flowparse.compute.names import (
    protocol_name,
    service_name,
    tcp_flag_names,
    traffic_path_name,
)
from flowparse.compute.prefixes import PrefixTable, in_network, is_private, longest_prefix
from flowparse.compute.tags import decode_tag

__all__ = [
    "PrefixTable",
    "address_to_binary",
    "as_name_of",
    "asn_of",
    "binary_to_address",
    "community_id",
    "country_of",
    "decode_tag",
    "in_network",
    "is_private",
    "load_aws_ranges",
    "load_networks",
    "load_threat_list",
    "longest_prefix",
    "network_of",
    "protocol_name",
    "service_name",
    "tcp_flag_names",
    "traffic_path_name",
]
