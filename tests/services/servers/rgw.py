"""Ceph's RADOS Gateway: a production S3 server, which checks signatures and runs lifecycle rules.

A whole cluster on loopback, in memory: one monitor, one manager, one store of 1 GiB, the
gateway. Lifecycle days are `DAY_SECONDS` long.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from services.endpoint import Endpoint
from services.process import HOST, Process, answers_http, free_port, run

PROGRAMS = ("ceph", "ceph-authtool", "ceph-mgr", "ceph-mon", "ceph-osd", "monmaptool", "radosgw",
            "radosgw-admin")  # fmt: skip

ACCESS_KEY = "rgwaccess"
SECRET_KEY = "rgwsecret123"
DAY_SECONDS = 5

_CONFIGURATION = """\
[global]
fsid = {fsid}
mon host = [v2:{host}:{mon_port},v1:{host}:{old_mon_port}]
public addr = {host}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
run dir = {folder}
log to file = false
log to stderr = true
pid file = {folder}/$name.pid
admin socket =
mon data = {folder}/mon
mgr data = {folder}/mgr
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
[client.rgw]
rgw frontends = beast endpoint={host}:{port}
rgw lc debug interval = {day_seconds}
"""


@contextmanager
def rgw_server(folder: Path) -> Iterator[Endpoint]:
    """Run a cluster, which takes half a minute; its data and logs are in the folder."""
    with ExitStack() as stack:
        cluster = _Cluster(folder, stack)
        cluster.make_keys()
        cluster.start_monitor()
        cluster.start_store()
        cluster.start_gateway()
        endpoint = Endpoint(
            f"http://{HOST}:{cluster.port}", access_key=ACCESS_KEY, secret_key=SECRET_KEY
        )
        stack.callback(endpoint.close)
        yield endpoint


class _Cluster:
    """Its folder, its configuration, and its processes, which `stack` stops."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.port = free_port()
        self._stack = stack
        self._fsid = str(uuid.uuid4())
        self._mon_port, self._old_mon_port = free_port(), free_port()
        self._environment = {"CEPH_CONF": str(folder / "ceph.conf")}
        for name in ("mon", "mgr", "osd"):
            (folder / name).mkdir()
        text = _CONFIGURATION.format(
            folder=folder,
            host=HOST,
            fsid=self._fsid,
            port=self.port,
            mon_port=self._mon_port,
            old_mon_port=self._old_mon_port,
            day_seconds=DAY_SECONDS,
        )
        (folder / "ceph.conf").write_text(text)

    def make_keys(self) -> None:
        keyring = str(self.folder / "keyring")
        create = ["--create-keyring"]
        for name in ("mon.", "client.admin", "client.rgw", "mgr.x", "osd.0"):
            services = ["mon"] if name == "mon." else ["mon", "osd", "mgr"]
            everything = [word for of in services for word in ("--cap", of, "allow *")]
            self._run("ceph-authtool", keyring, *create, "--gen-key", "-n", name, *everything)
            create = []

    def start_monitor(self) -> None:
        map_ = str(self.folder / "monmap")
        addresses = f"[v2:{HOST}:{self._mon_port},v1:{HOST}:{self._old_mon_port}]"
        keyring = str(self.folder / "keyring")
        self._run("monmaptool", "--create", "--addv", "a", addresses, "--fsid", self._fsid, map_)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map_, "--keyring", keyring)
        self._start("ceph-mon", "-i", "a")
        self._run("ceph", "--connect-timeout", "30", "auth", "import", "-i", keyring)

    def start_store(self) -> None:
        self._start("ceph-mgr", "-i", "x")
        store = str(uuid.uuid4())
        number = self._run("ceph", "osd", "new", store).strip()
        self._run("ceph-osd", "-i", number, "--mkfs", "--osd-uuid", store)
        self._start("ceph-osd", "-i", number)
        deadline = time.monotonic() + 60
        while "1 up" not in self._run("ceph", "osd", "stat") and time.monotonic() < deadline:
            time.sleep(0.2)

    def start_gateway(self) -> None:
        self._run("radosgw-admin", "user", "create", "--uid=test", "--display-name=test",
                  f"--access-key={ACCESS_KEY}", f"--secret={SECRET_KEY}")  # fmt: skip
        gateway = self._start("radosgw", "-n", "client.rgw")
        gateway.wait_until(lambda: answers_http(self.port))

    def _run(self, *command: str) -> str:
        return run(command, self._environment)

    def _start(self, *command: str) -> Process:
        """Start a daemon in the foreground; its messages go to standard error too."""
        log = self.folder / f"{command[0]}.out"
        process = Process([*command, "-f"], log, self._environment)
        self._stack.callback(process.stop)
        return process
