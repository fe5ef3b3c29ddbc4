"""Hosts with addresses of their own on this machine: network namespaces with a cable to one switch.

They live by our file descriptors, so nothing is left of them once this process ends, however it ends.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000
CABLE = "cable{}"


def why_not() -> str | None:
    """Return why there can be no hosts on this machine; None where there can."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    if not shutil.which("ip"):
        return "the ip program (iproute2) is not on this machine"
    try:
        Host().close()
    except OSError as error:
        return f"network namespaces may not be made here: {error}"
    return None


class Host:
    def __init__(self, number: int = 0) -> None:
        self.number, self.address = number, f"10.77.0.{number}"
        self.namespace = _in_a_thread_of_its_own()
        with self.inside():
            _ip("link set lo up")

    @contextmanager
    def inside(self) -> Iterator[None]:
        """What this thread opens and starts meanwhile, processes and threads too, is on this host."""
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        _enter(self.namespace)
        try:
            yield
        finally:
            _enter(outside)
            os.close(outside)

    def close(self) -> None:
        os.close(self.namespace)


class Switch(Host):
    def __init__(self) -> None:
        super().__init__()
        self.hosts: list[Host] = []
        with self.inside():
            _ip("link add switch type bridge")
            _ip("link set switch up")

    def host(self) -> Host:
        host = Host(len(self.hosts) + 1)
        self.hosts.append(host)
        cable, end = CABLE.format(host.number), f"/proc/{os.getpid()}/fd/{host.namespace}"
        with self.inside():
            _ip(f"link add {cable} type veth peer name eth0 netns {end}")
            _ip(f"link set {cable} master switch up")
        with host.inside():
            _ip(f"address add {host.address}/24 dev eth0")
            _ip("link set eth0 up")
        return host

    def cut(self, host: Host) -> None:
        """Let nothing through to that host or from it; nobody is told, as when a switch fails."""
        with self.inside():
            _ip(f"link set {CABLE.format(host.number)} nomaster")

    def mend(self, host: Host) -> None:
        with self.inside():
            _ip(f"link set {CABLE.format(host.number)} master switch")

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        super().close()


def _in_a_thread_of_its_own() -> int:
    """Return the descriptor of a new namespace; a thread enters it by making it, and then ends."""
    made: list[int | OSError] = []

    def make() -> None:
        try:
            _call("unshare", CLONE_NEWNET)
            made.append(os.open("/proc/thread-self/ns/net", os.O_RDONLY))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def _enter(namespace: int) -> None:
    _call("setns", namespace, CLONE_NEWNET)


def _call(function: str, *numbers: int) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), function)(*numbers):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True)
