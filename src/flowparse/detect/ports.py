"""Floor 4: ports where somebody logs in."""

from __future__ import annotations

from typing import Final

__all__ = ["ADMIN_PORTS", "LOGIN_PORTS", "service_at"]

#: Services that ask for a password, by port of TCP.
LOGIN_PORTS: Final = (22, 23, 445, 1433, 1521, 3306, 3389, 5432, 5900, 5985, 5986, 6379, 27017)

#: Services that run commands or hold data, and are meant for one's own people only.
ADMIN_PORTS: Final = (*LOGIN_PORTS, 135, 139, 2375, 2379, 6443, 9200, 10250, 11211)

_SERVICES: Final = {
    22: "ssh",
    23: "telnet",
    135: "rpc",
    139: "netbios",
    445: "smb",
    1433: "sql server",
    1521: "oracle",
    2375: "docker",
    2379: "etcd",
    3306: "mysql",
    3389: "rdp",
    5432: "postgresql",
    5900: "vnc",
    5985: "winrm",
    5986: "winrm",
    6379: "redis",
    6443: "kubernetes",
    9200: "elasticsearch",
    10250: "kubelet",
    11211: "memcached",
    27017: "mongodb",
}


def service_at(port: int) -> str:
    """Such as `port 22 (ssh)`, or `port 2222`."""
    name = _SERVICES.get(port)
    return f"port {port} ({name})" if name else f"port {port}"
