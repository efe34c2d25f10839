"""Floor 2: what listens on well-known ports, as far as it matters in a VPC.

Names are those in everyday use, most of them IANA's ("Service Name and Transport Protocol Port
Number Registry"); the ports of Docker, Kafka, OpenSearch and their like are their defaults.
"""

from __future__ import annotations

from typing import Final

__all__ = ["SERVICES"]

_TCP: Final = 6
_UDP: Final = 17

_BOTH: Final = {
    53: "dns",
    88: "kerberos",
    111: "rpcbind",
    389: "ldap",
    443: "https",
    514: "syslog",
    2049: "nfs",
}
_ON_TCP: Final = {
    21: "ftp",
    22: "ssh",
    23: "telnet",
    25: "smtp",
    80: "http",
    110: "pop3",
    135: "msrpc",
    139: "netbios-ssn",
    143: "imap",
    179: "bgp",
    445: "smb",
    465: "smtps",
    587: "submission",
    636: "ldaps",
    853: "dns-over-tls",
    873: "rsync",
    993: "imaps",
    995: "pop3s",
    1433: "mssql",
    1521: "oracle",
    1883: "mqtt",
    2181: "zookeeper",
    2375: "docker",
    2376: "docker-tls",
    2379: "etcd",
    3128: "http-proxy",
    3306: "mysql",
    3389: "rdp",
    5432: "postgresql",
    5439: "redshift",
    5671: "amqps",
    5672: "amqp",
    5900: "vnc",
    5985: "winrm",
    5986: "winrm-tls",
    6379: "redis",
    6443: "kubernetes",
    8080: "http-alt",
    8443: "https-alt",
    8883: "mqtts",
    9042: "cassandra",
    9092: "kafka",
    9094: "kafka-tls",
    9200: "opensearch",
    10250: "kubelet",
    11211: "memcached",
    27017: "mongodb",
}
_ON_UDP: Final = {
    67: "dhcp",
    69: "tftp",
    123: "ntp",
    137: "netbios-ns",
    161: "snmp",
    162: "snmp-trap",
    500: "ike",
    1194: "openvpn",
    1812: "radius",
    1900: "ssdp",
    4500: "ipsec-nat-t",
    4789: "vxlan",
    5353: "mdns",
    6081: "geneve",
    51820: "wireguard",
}

#: Name by port and protocol.
SERVICES: Final = {
    **{(port, _TCP): name for port, name in (_BOTH | _ON_TCP).items()},
    **{(port, _UDP): name for port, name in (_BOTH | _ON_UDP).items()},
}
