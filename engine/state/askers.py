"""Who may have asked Docker for something: processes that connect to its socket, and its command line.

Docker does not tell who asks. A process that connected to its socket just before, or whose command line names the
container, probably did. It is certain when it began or spoke shortly before, and is the only one that names the
container, or the only one of these whose command line ends with what was asked for. Where several may have asked, all
of them are told. Who speaks to another runtime's socket, or names it by ``-H``, is none of them.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from engine.events import HOST, KernelEvent
from engine.protocol import AskerRow
from engine.state.processes import Process, ProcessKey

SOCKETS = ("/docker.sock", "/podman.sock")
"""How the paths of runtimes' sockets end."""
PROGRAMS = frozenset({"docker", "docker-compose", "podman", "nerdctl"})
"""Command lines of runtimes: their execs are always told, their connects only where some rule asks for them."""
MOST = 500
"""Processes remembered, the latest."""
CONNECTS = 16
"""Times of one process that are remembered, the latest."""
OTHERS = 3
"""Of those who may have asked as well, so many are named."""
SOON = 5 * 10**9
"""Nanoseconds from a connect to what is asked, at most, where the command line does not tell."""
ONCE = 30 * 10**9
"""Nanoseconds after which a command line has asked for its exec. Who lives on is attached to it, and asks for none."""
_SKEW = 10**8
"""Docker's event may have an earlier time than the connect that led to it, as far as clocks and queues go."""
_HOST = frozenset({"-H", "--host"})
_WITH_VALUE = frozenset({"--config", "-c", "--context", "-l", "--log-level", "--tlscacert", "--tlscert", "--tlskey"})
"""Options of ``docker`` that are followed by a word which is no command."""
_PLACES = 8
"""Sockets of one process that are remembered."""

UserName = Callable[[Process], str]


@dataclass(slots=True)
class _Speaker:
    """A process that spoke to a runtime, or is one's command line."""

    process: Process
    first: int
    """When it did so for the first time."""
    times: deque[int] = field(default_factory=lambda: deque(maxlen=CONNECTS))
    places: set[str] = field(default_factory=set)
    """The sockets that it spoke to or names, as far as they are known. Inside a container a path means another."""

    def may_speak_to(self, address: str) -> bool:
        """Whether it may be this runtime to which it speaks."""
        return not (address and self.places) or address in self.places or len(self.places) >= _PLACES

    def was_there(self, time: int) -> bool:
        """Whether it lived then, and had spoken."""
        ended = self.process.exit_time
        return self.first <= time + _SKEW and (not ended or ended >= time - _SKEW)

    def spoke_before(self, time: int, within: int) -> int | None:
        """When it did so last, of so many nanoseconds before; None if it did not. Who did so too often since then to
        be remembered may have done so at any time."""
        if before := max((one for one in self.times if one <= time + _SKEW), default=0):
            return before if before >= time - within else None
        return time if self.first <= time else None

    def is_attached(self, time: int) -> bool:
        """Whether it is a command line that has long had what it was to ask for."""
        return self.process.name in PROGRAMS and self.spoke_before(time, ONCE) is None


class Askers:
    """A bounded memory of who spoke to a container runtime."""

    def __init__(self, user: UserName) -> None:
        self._user = user
        self.address = ""
        """The socket of the runtime that is followed, as :func:`place_of` gives it."""
        self._latest: OrderedDict[ProcessKey, _Speaker] = OrderedDict()

    def connected(self, event: KernelEvent, process: Process) -> None:
        """A process connected somewhere; what matters is whether it is a runtime's socket."""
        if event.fd is None or event.fd.type != "unix":
            return
        path = event.fd.path or event.fd.name
        if path.endswith(SOCKETS) or place_of(path) == self.address != "":
            self._note(event.time, process, path)

    def executed(self, event: KernelEvent, process: Process) -> None:
        """A program began; what matters is whether it is a runtime's command line."""
        if process.name in PROGRAMS:
            self._note(event.time, process, _host_option(process.args))

    def found(self, process: Process) -> None:
        """A process lives that was there before; what matters is whether it is a runtime's command line."""
        if process.name in PROGRAMS and process.key not in self._latest:
            self._note(process.started, process, _host_option(process.args))

    def _note(self, time: int, process: Process, address: str) -> None:
        speaker = self._latest.setdefault(process.key, _Speaker(process, time))
        speaker.times.append(time)
        if address and process.container_id == HOST and len(speaker.places) < _PLACES:
            speaker.places.add(place_of(address))
        self._latest.move_to_end(process.key)
        if len(self._latest) > MOST:
            self._latest.popitem(last=False)

    def asker(
        self, time: int, names: tuple[str, ...], commands: tuple[str, ...] = (), *, for_exec: bool = False
    ) -> AskerRow | None:
        """Who probably asked at this time for something about the container of these names (or its id), ``for_exec``
        or else; of several that name it the one whose command line ends with one of the commands."""
        there = [one for one in self._latest.values() if one.was_there(time) and one.may_speak_to(self.address)]
        there = [one for one in there if not (for_exec and one.is_attached(time))]
        naming = [one for one in there if _names(one.process, names)]
        asking = [one for one in naming if commands and one.process.cmdline.endswith(commands)]
        found = asking or [*_lately(there, naming, time), *naming] if for_exec or not naming else naming
        certain = len(found) == 1 and found == (asking or naming) and found[0].spoke_before(time, ONCE) is not None
        return self._row(found, certain=certain) if found else None

    def _row(self, found: Sequence[_Speaker], *, certain: bool) -> AskerRow:
        *others, process = (one.process for one in found)
        return AskerRow(
            pid=process.pid,
            start=process.start,
            name=process.name,
            cmdline=process.cmdline,
            user=self._user(process),
            uid=process.uid,
            loginuid=process.loginuid,
            tty=process.tty,
            container_id=process.container_id,
            certain=certain,
            others=[one.cmdline or one.name for one in others[: -OTHERS - 1 : -1]],
            more=max(0, len(others) - OTHERS),
        )


def place_of(address: str) -> str:
    """A socket's path or URL as the path that the kernel tells of it, in one form."""
    path = address.removeprefix("unix://")
    return path.removeprefix("/var") if path.startswith("/var/run/") else path


def _host_option(arguments: Sequence[str]) -> str:
    """The daemon that a command line names; "" for none. Behind the command the same letters mean something else, as
    in ``docker exec web curl -H …``."""
    rest = iter(arguments)
    for argument in rest:
        name, is_one, value = argument.partition("=")
        if name in _HOST:
            return value if is_one else next(rest, "")
        if argument.startswith("-H"):
            return argument.removeprefix("-H")
        if not argument.startswith("-"):
            return ""
        if argument in _WITH_VALUE:
            next(rest, "")
    return ""


def _lately(there: Iterable[_Speaker], naming: Sequence[_Speaker], time: int) -> list[_Speaker]:
    """Others who have just spoken, the latest last: who names a container may only read its log."""
    spoke = [(when, one) for one in there if one not in naming and (when := one.spoke_before(time, SOON)) is not None]
    return [one for _, one in sorted(spoke, key=_when)]


def _when(spoke: tuple[int, _Speaker]) -> int:
    return spoke[0]


def _names(process: Process, names: tuple[str, ...]) -> bool:
    """Whether an argument is the container's name or the beginning of its id, as command lines take it."""
    name, *ids = names
    return any(
        argument == name or (len(argument) >= 4 and any(one.startswith(argument) for one in ids))
        for argument in process.args
    )
