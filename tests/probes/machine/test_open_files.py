"""What a process has open, as /proc tells it: of our own process, and of a folder that looks like /proc."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Interface, IPv6Interface
from pathlib import Path

import pytest

from engine.events import Fd
from probes.machine.interfaces import read_interfaces
from probes.machine.open_files import read_open_files, read_sockets

HEADING = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def mine() -> dict[int, Fd]:
    """Our own descriptors, by number."""
    return {fd.num: fd for fd in read_open_files()[os.getpid()]}


def test_files_and_what_is_no_file_are_told_apart(tmp_path: Path, stack: ExitStack) -> None:
    file = stack.enter_context((tmp_path / "a b").open("w"))
    folder = os.open(tmp_path, os.O_RDONLY)
    stack.callback(os.close, folder)
    memory = os.memfd_create("hidden")
    stack.callback(os.close, memory)
    reading, writing = os.pipe()
    stack.callback(os.closerange, reading, writing + 1)
    poll = stack.enter_context(select.epoll())
    found = mine()
    told = found[file.fileno()]
    assert (told.type, told.name, told.ino) == ("file", str(tmp_path / "a b"), os.fstat(file.fileno()).st_ino)
    assert (found[folder].type, found[folder].name) == ("directory", str(tmp_path))
    assert (found[memory].type, found[memory].name) == ("memfd", "memfd:hidden")
    assert found[reading].type == found[writing].type == "pipe"
    assert found[poll.fileno()].type == "eventpoll"


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_both_ends_of_a_connection_are_known(family: socket.AddressFamily, host: str, stack: ExitStack) -> None:
    server = stack.enter_context(socket.socket(family))
    server.bind((host, 0))
    server.listen()
    port = server.getsockname()[1]
    client = stack.enter_context(socket.create_connection((host, port)))
    accepted = stack.enter_context(server.accept()[0])
    here = client.getsockname()[1]
    found = mine()
    listening, ours, theirs = (found[each.fileno()] for each in (server, client, accepted))
    assert (listening.type, listening.is_server, listening.connected) == (
        f"ipv{4 if ':' not in host else 6}",
        True,
        False,
    )
    assert (ours.local_ip, ours.local_port, ours.remote_port, ours.is_server) == (host, here, port, False)
    assert (theirs.local_port, theirs.remote_port, theirs.is_server, theirs.l4proto) == (port, here, True, "tcp")
    assert ours.name == theirs.name == f"{host}:{here}->{host}:{port}"


def test_unix_sockets_have_their_path(tmp_path: Path, stack: ExitStack) -> None:
    server = stack.enter_context(socket.socket(socket.AF_UNIX))
    server.bind(str(tmp_path / "a b.sock"))
    alone = stack.enter_context(socket.socket(socket.AF_UNIX))
    found = mine()
    assert (found[server.fileno()].type, found[server.fileno()].name) == ("unix", str(tmp_path / "a b.sock"))
    assert (found[alone.fileno()].type, found[alone.fileno()].name) == ("unix", "")


def test_who_listens_everywhere_is_the_server_of_its_connections(tmp_path: Path) -> None:
    rest = "00000000:00000000 00:00000000 00000000 0 0"
    (tmp_path / "tcp").write_text(
        f"{HEADING}   0: 00000000:0050 00000000:0000 0A {rest} 11 1\n"
        f"   1: 0100007F:0050 0200007F:C350 01 {rest} 12 1\n"
        f"   2: 0100007F:D431 0300007F:01BB 01 {rest} 13 1\n"
        f"   3: cut off\n"
    )
    found = read_sockets(tmp_path)
    assert {ino: (fd.name, fd.is_server) for ino, fd in found.items()} == {
        11: ("0.0.0.0:80", True),
        12: ("127.0.0.2:50000->127.0.0.1:80", True),
        13: ("127.0.0.1:54321->127.0.0.3:443", False),
    }


def test_who_has_ended_and_who_must_not_be_looked_at_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "self").mkdir()
    assert read_open_files(tmp_path) == {}


def test_the_interfaces_of_this_machine_have_its_addresses() -> None:
    found = read_interfaces()
    assert ("lo", IPv4Interface("127.0.0.1/8")) in found
    listed = Path("/proc/net/if_inet6").read_text() if Path("/proc/net/if_inet6").exists() else ""
    assert sum(isinstance(address, IPv6Interface) for _, address in found) == len(listed.splitlines())
