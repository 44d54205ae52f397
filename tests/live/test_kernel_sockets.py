"""Real connections and datagrams, seen by the real kernel: addresses, paths, payloads."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.helpers.kernel import Watched, descriptor, only, watching

pytestmark = [pytest.mark.live, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kernel() -> AsyncIterator[Watched]:
    async with watching(environment=True) as watched:
        yield watched


async def test_a_connection_from_both_sides(kernel: Watched) -> None:
    code = (
        "import socket\nmark()\nl = socket.socket()\nl.bind(('127.0.0.1', 0))\nl.listen()\nport = l.getsockname()[1]\n"
        "c = socket.socket()\nc.connect(l.getsockname())\na, _ = l.accept()\nos.dup2(c.fileno(), 100)"
    )
    events = await kernel.python(code)
    bound, connected, accepted = only(events, "bind"), only(events, "connect"), only(events, "accept4")
    port = descriptor(bound).local_port
    assert descriptor(bound).name == f"127.0.0.1:{port}"
    client, server = descriptor(connected), descriptor(accepted)
    assert (client.type, client.l4proto, client.is_server, client.connected) == ("ipv4", "tcp", False, True)
    assert (client.remote_ip, client.remote_port, connected.args["addr"]) == ("127.0.0.1", port, f"127.0.0.1:{port}")
    assert (server.is_server, server.local_port, server.remote_port) == (True, port, client.local_port)
    assert client.name == server.name == f"127.0.0.1:{client.local_port}->127.0.0.1:{port}"
    duplicate = descriptor(only(events, "dup2"))
    assert (duplicate.num, duplicate.type, duplicate.remote_port) == (100, "ipv4", port)


async def test_a_connection_in_progress_has_its_address(kernel: Watched) -> None:
    code = (
        "import socket\nmark()\ns = socket.socket()\ns.setblocking(False)\ns.connect_ex(('127.0.0.1', 9))\n"
        "t = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\nt.sendto(b'x', ('::1', 53))"
    )
    events = await kernel.python(code)
    fd = descriptor(only(events, "connect"))
    assert (only(events, "connect").res, fd.remote_ip, fd.remote_port) == (-errno.EINPROGRESS, "127.0.0.1", 9)
    sent = descriptor(only(events, "sendto"))
    assert (sent.type, sent.l4proto, sent.remote_ip, sent.remote_port) == ("ipv6", "udp", "::1", 53)


async def test_a_unix_socket_has_a_path(kernel: Watched, tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        code = "import socket, sys\nmark()\ns = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])"
        fd = descriptor(only(await kernel.python(code, str(path)), "connect"))
    assert (fd.type, fd.name, fd.connected, fd.is_server) == ("unix", str(path), True, False)


DATAGRAMS = """
import socket, sys
server, client = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 0))
port = server.getsockname()
mark()
client.sendto(b'one', port)
server.recvfrom(100)
client.sendmsg([b'two', b'three'], [], 0, port)
server.recvmsg(100)
"""


async def test_datagrams_tell_their_address_and_payload(kernel: Watched) -> None:
    events = await kernel.python(DATAGRAMS)
    sent, received = only(events, "sendto"), only(events, "recvfrom")
    fd, peer = descriptor(sent), descriptor(received)
    assert (fd.remote_ip, fd.remote_port, fd.is_server, fd.connected) == ("127.0.0.1", peer.local_port, False, False)
    assert (sent.args["data"], received.args["data"], sent.res) == ("one", "one", 3)
    assert (peer.is_server, peer.remote_ip, peer.l4proto) == (True, "127.0.0.1", "udp")
    assert peer.name == f"127.0.0.1:{peer.remote_port}->{peer.local_ip}:{peer.local_port}"
    message, answer = only(events, "sendmsg"), only(events, "recvmsg")
    assert (message.args["data"], descriptor(message).remote_port) == ("two", peer.local_port)
    assert (answer.args["data"], descriptor(answer).remote_port) == ("twothree", peer.remote_port)


STREAM = """
import socket
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen()
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
mark()
server.send(b'\\xca\\xfe\\xba\\xbe' + 100 * b'x')
client.recv(1000)
server.close()
client.recv(1000)
"""


async def test_what_was_received_is_there_as_far_as_it_is_kept(kernel: Watched) -> None:
    first, second = (e for e in await kernel.python(STREAM) if e.type == "recvfrom")
    assert first.args["data"] == "\xca\xfe\xba\xbe" + 76 * "x"
    assert (first.res, descriptor(first).connected) == (104, True)
    assert (second.res, "data" in second.args) == (0, False)
