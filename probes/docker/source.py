"""Docker as a source: which containers there are, and what is done to them.

It subscribes before it lists, so that nothing that happens in between is missed; what is seen twice does no harm. A
new container is told at once with the little that the event itself says, and again when ``inspect`` has answered. Each
container is asked about on its own: one that is slow (Docker answers only when a start is over) delays no other.

Docker being absent, or going and coming back, is a :class:`~engine.events.RuntimeState`, never an error.
"""

from __future__ import annotations

import asyncio
import json
import os
import time as clock
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import msgspec

from engine.contracts import Emit
from engine.errors import TiercelError
from engine.events import ContainerAction, ContainerInfo, ContainerUnknown, RuntimeState, Users
from engine.protocol import ProbeRow
from engine.state.execs import BEGINNING, EXEC
from probes.docker.api import MAX_CONNECTIONS, Json, connected_to, info_of_inspect, info_of_list
from probes.docker.dialects import DOCKER, in_dockers_words, kernel_of, runtime_of
from probes.docker.endpoints import find
from probes.docker.execs import ExecQuestions
from probes.docker.failures import calling, failures
from probes.docker.unnamed_execs import END, START, UnnamedExecs
from probes.machine.cgroups import has_own_cgroup, runtime_of_process
from probes.machine.users import read_users_in_time

if TYPE_CHECKING:
    from aiodocker import Docker

EARLIER = 60 * 10**9
"""Nanoseconds before the start of the source of which is still asked who entered or began what: with the kernel's
events, or before, somebody may have been quicker than the connection."""
FIRST_DELAY = 0.25
"""Seconds before the first attempt to connect again; doubled with each further one."""
LONGEST_DELAY = 5.0
INSPECT_TIMEOUT = 10.0
"""Seconds for one answer; then it is asked again."""
RETRIES = (0.25, 1.0, 5.0)
"""Seconds after which a question is put again that was answered with a failure."""
MAX_PENDING = 1000
"""Docker's events that wait for us; when there are more, Docker has to wait."""
MAX_ASKING = MAX_CONNECTIONS
"""Containers that are asked about at the same time, …"""
MAX_WANTED = 10_000
"""… those that wait for it (more are not asked about: who waits for them runs out of patience, which is counted), …"""
MAX_READING = 1000
"""… and those whose users are being read."""

CONTAINERS_ONLY = json.dumps({"type": ["container"]})
CHANGING = frozenset(
    {"create", "start", "restart", "die", "stop", "pause", "unpause", "rename", "update", "health_status"}
)
"""Actions after which the container is asked about again."""
ENTERING = frozenset({"start", START})
"""Actions at which users may be there that were not there before."""
TOLD = ("name", "image", "execID", "exitCode", "signal", "oldName")
"""Attributes of an action that are passed on; Docker mixes the container's labels into them."""

MOST_RUNTIMES = 1_000
"""Containers that are remembered with their cgroup's runtime until the daemon has answered."""
NO_CGROUP = "it has containers without a cgroup of their own: what happens in them counts as the host's"
UNNAMED = frozenset({START, END})
"""Actions whose exec has to be found where none is named."""

ReadUsers = Callable[[int, str], Users]


class DockerSource:
    """Emits containers and actions (:class:`engine.contracts.Source`). ``url`` as for ``find_daemon``.

    ``read_users`` is asked for the names in a container, by the pid of a process in it.
    """

    name = "docker"
    own_events = 0

    def __init__(self, url: str | None = None, *, read_users: ReadUsers = read_users_in_time) -> None:
        self._url = url
        self._read_users = read_users
        self._emit: Emit = lambda _inputs: None
        self._docker: Docker | None = None
        self._delay = FIRST_DELAY
        self._known: dict[str, ContainerInfo] = {}
        self._runtimes: dict[str, str] = {}
        """Of containers that nobody knows yet, whose they are by their cgroups."""
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._ask_again: set[str] = set()
        self._wanted: OrderedDict[str, None] = OrderedDict()
        """Containers to ask about when there is room, in their order."""
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._execs = ExecQuestions(lambda told: self._emit([told]))
        self._unnamed = UnnamedExecs(self._tell_action)
        self._runtime = DOCKER
        """Which runtime answers."""
        self._address = ""
        self._note = ""
        self._homeless: set[str] = set()
        """Containers that run in no cgroup of their own."""
        self._state: tuple[bool, str] | None = None
        self._latest = 0
        self._began = clock.time_ns()
        self._subscribed = 0
        """When it was subscribed first: what happened before is in the list."""
        self._seen = 0
        self.heard = asyncio.Event()
        """Set when Docker has said its first word, or cannot be reached."""

    def select(self, event_types: Collection[str], *, narrows: bool = False) -> None:
        """Docker says what it says: nothing to select."""

    def statistics(self) -> list[ProbeRow]:
        """Docker's events."""
        return [ProbeRow(name="docker", seen=self._seen, delivered=self._seen, lost=0)]

    def want(self, container_id: str, pid: int = 0) -> None:
        """Ask about a container of which a kernel event was seen, with a process that is in it.

        The answer is emitted: ContainerInfo, or ContainerUnknown. While Docker cannot be reached there is none.
        """
        known = self._known.get(container_id)
        if pid:
            self._read(container_id, pid)
        if pid and known is None and len(self._runtimes) < MOST_RUNTIMES:
            self._runtimes[container_id] = runtime_of_process(pid)  # it may have ended by the answer
        if self._docker is not None and (known is None or not known.complete):
            self._ask(container_id)

    async def run(self, emit: Emit) -> None:
        """Follow Docker until cancelled."""
        self._emit = emit
        try:
            while True:
                try:
                    endpoint, self._note = await asyncio.to_thread(find, self._url)
                    self._address = endpoint.path_on_host()
                    async with connected_to(endpoint) as docker:
                        await self._follow(docker)
                    self._tell_state(False, "Docker has closed the connection")
                except TiercelError as error:
                    self._tell_state(False, ": ".join(filter(None, (error.message, error.hint))))
                await asyncio.sleep(self._delay)
                self._delay = min(2 * self._delay, LONGEST_DELAY)
        finally:
            await self._stop_asking()

    # ── one connection ──────────────────────────────────────────────────────────────────────────────────────────────

    async def _follow(self, docker: Docker) -> None:
        """From subscription to the end of Docker's event stream."""
        events: asyncio.Queue[Json | None] = asyncio.Queue(MAX_PENDING)
        docker.events.channel.queues.append(events)  # bounded, unlike the queue that subscribe() makes
        with calling():
            version = await docker.version()  # settles the version of its API as well
        self._check(version)
        stream = asyncio.create_task(docker.events.run(since=self._since(), filters=CONTAINERS_ONLY))
        self._unnamed.begin(docker)
        try:
            await self._list(docker)
            while (event := await events.get()) is not None:
                self._handle(event)
            with calling("Docker's events have ended"):
                await stream
        finally:
            self._docker = None
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)
            await self._stop_asking()

    def _check(self, version: Json) -> None:
        """Which runtime it is. Raises TiercelError for one whose containers are not on the kernel that we watch."""
        self._runtime, kernel, ours = runtime_of(version), kernel_of(version), os.uname().release
        if kernel and kernel != ours:
            raise TiercelError(
                f"its containers do not run on this kernel: theirs is {kernel}, this is {ours}",
                hint="run Tiercel there, or give --docker URL of a daemon of this machine",
            )

    def _since(self) -> str:
        """From the last event on, or from before the start: Docker sends what happened since, if it remembers."""
        self._subscribed = self._subscribed or clock.time_ns()
        since = self._latest + 1 if self._latest else self._began - EARLIER
        return f"{since // 10**9}.{since % 10**9:09}"

    async def _list(self, docker: Docker) -> None:
        """All containers there are; those known before and not there any more are gone."""
        now = clock.time_ns()
        with calling("Docker does not list its containers"):
            infos = [info_of_list(container._container, now) for container in await docker.containers.list(all=1)]
        self._docker, self._delay = docker, FIRST_DELAY
        self._tell_connected()
        for container_id in self._known.keys() - {info.id for info in infos}:
            self._remove(container_id, now)
        for info in infos:
            self._tell(info)
            self._ask(info.id)

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _handle(self, event: Json) -> None:
        """One of Docker's events, such as ``exec_create: sh -c …``."""
        actor = event.get("Actor") or {}
        container_id, attributes = actor.get("ID") or "", actor.get("Attributes") or {}
        action, _, detail = str(event.get("Action") or "").partition(":")
        action, attributes = in_dockers_words(self._runtime, action, attributes)
        time = int(event.get("timeNano") or clock.time_ns())
        self._latest = max(self._latest, time)
        self._seen += 1
        if time < self._subscribed:
            self._remember(container_id, time, action, detail.strip(), attributes)
            return
        if action == "destroy":
            self._remove(container_id, time)
            return
        if action == "create":
            self._tell(_info_of_event(container_id, attributes, time))
        self._act(container_id, time, action, detail.strip(), attributes)
        if action in CHANGING:
            self._ask(container_id)
        if action in ENTERING and (known := self._known.get(container_id)) and known.pid:
            self._read(container_id, known.pid)

    def _remember(self, container_id: str, time: int, action: str, detail: str, attributes: Json) -> None:
        """It happened before: of those that are still there it matters who began or entered them."""
        if container_id in self._known and (action in BEGINNING or action.startswith(EXEC)):
            self._act(container_id, time, action, detail, attributes)

    def _act(self, container_id: str, time: int, action: str, detail: str, attributes: Json) -> None:
        told = {name: str(attributes[name]) for name in TOLD if name in attributes}
        if detail:
            told["detail"] = detail
        told_action = ContainerAction(id=container_id, time=time, action=action, attributes=told)
        if action in UNNAMED and "execID" not in told:
            self._unnamed.take(told_action)
        else:
            self._tell_action(told_action)

    def _tell_action(self, action: ContainerAction) -> None:
        self._emit([action])
        if action.action == START and self._docker is not None and "execID" in action.attributes:
            self._execs.ask(self._docker, action.id, action.attributes["execID"])

    def _remove(self, container_id: str, time: int) -> None:
        info = self._known.pop(container_id, None)
        self._unnamed.forget(container_id)
        self._house(container_id, has_home=True)
        self._ask_again.discard(container_id)
        self._wanted.pop(container_id, None)
        if task := self._asking.pop(container_id, None):
            task.cancel()
        if info is not None:
            self._emit([msgspec.structs.replace(info, time=time, state="removed", pid=0)])

    # ── questions ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, container_id: str) -> None:
        """Inspect a container; if it is being inspected already, once more after that."""
        if container_id in self._asking:
            self._ask_again.add(container_id)
        elif len(self._asking) < MAX_ASKING:
            self._ask_now(container_id)
        elif len(self._wanted) < MAX_WANTED:
            self._wanted[container_id] = None

    def _ask_now(self, container_id: str) -> None:
        self._ask_again.discard(container_id)
        task = self._asking[container_id] = asyncio.create_task(self._inspect(container_id))
        task.add_done_callback(lambda _task: self._asked(container_id, task))

    def _asked(self, container_id: str, task: asyncio.Task[None]) -> None:
        if self._asking.get(container_id) is task:
            del self._asking[container_id]
            if container_id in self._ask_again:
                self._wanted[container_id] = None
        while self._wanted and self._docker is not None and len(self._asking) < MAX_ASKING:
            self._ask_now(self._wanted.popitem(last=False)[0])

    async def _inspect(self, container_id: str) -> None:
        for delay in RETRIES:
            if await self._answered(container_id):
                return
            await asyncio.sleep(delay)

    async def _answered(self, container_id: str) -> bool:
        """Ask. Whether that has settled it; if not it is worth another try."""
        docker, time = self._docker, clock.time_ns()
        if docker is None:
            return True
        from aiodocker.exceptions import DockerError

        try:
            async with asyncio.timeout(INSPECT_TIMEOUT):
                answer = await docker.containers.container(container_id).show()
        except DockerError as error:
            if error.status != 404:
                return False
            self._not_found(container_id, time)
        except TimeoutError:
            self._ask_again.add(container_id)
        except failures():
            return False  # one connection has failed; when the daemon has, the event stream ends as well
        else:
            self._ask_running_execs(docker, answer)
            self._unnamed.seen(answer)
            self._tell(info_of_inspect(answer, time))
        return True

    def _ask_running_execs(self, docker: Docker, answer: Json) -> None:
        """Those that were there before we were, when a container is asked about first."""
        known = self._known.get(answer["Id"])
        for exec_id in answer.get("ExecIDs") or [] if known is None or not known.complete else []:
            self._execs.ask(docker, answer["Id"], exec_id)

    def _not_found(self, container_id: str, time: int) -> None:
        """Docker lists a container a moment before it can be asked about."""
        if container_id in self._ask_again:
            return  # something was heard of it since it was asked about
        if container_id in self._known:
            self._remove(container_id, time)
        else:
            runtime = self._runtimes.pop(container_id, "")
            self._emit([ContainerUnknown(id=container_id, time=time, runtime=runtime)])

    async def _stop_asking(self) -> None:
        tasks = [*self._asking.values(), *self._reading.values()]
        self._asking.clear()
        self._ask_again.clear()
        self._wanted.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._execs.stop()
        await self._unnamed.stop()

    # ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tell(self, info: ContainerInfo) -> None:
        info = msgspec.structs.replace(info, runtime=self._runtime)
        before = self._known.get(info.id)
        if before is not None and before.complete and not info.complete:
            return
        self._known[info.id] = info
        self._runtimes.pop(info.id, None)
        self._emit([info])
        if info.pid and (before is None or before.pid != info.pid):
            self._read(info.id, info.pid)
        elif not info.pid:
            self._house(info.id, has_home=True)

    def _house(self, container_id: str, *, has_home: bool) -> None:
        """The kernel tells containers by their cgroups: what happens in one without is the host's to us."""
        (self._homeless.discard if has_home else self._homeless.add)(container_id)
        if self._docker is not None:
            self._tell_connected()

    def _tell_connected(self) -> None:
        homeless = NO_CGROUP if self._homeless else ""
        self._tell_state(True, "; ".join(filter(None, (self._note, homeless))))

    def _tell_state(self, connected: bool, detail: str) -> None:
        if self._state != (connected, detail):
            self._state = (connected, detail)
            told = RuntimeState(clock.time_ns(), connected, detail, self._runtime, self._address)
            self._emit([told])
        self.heard.set()

    def _read(self, container_id: str, pid: int) -> None:
        """Have the users read, once at a time for each container."""
        if container_id not in self._reading and len(self._reading) < MAX_READING:
            task = self._reading[container_id] = asyncio.create_task(self._tell_users(container_id, pid))
            task.add_done_callback(lambda _task: self._reading.pop(container_id, None))

    async def _tell_users(self, container_id: str, pid: int) -> None:
        """In a thread: the container decides how long its files take."""
        self._house(container_id, has_home=has_own_cgroup(pid))
        users = await asyncio.to_thread(self._read_users, pid, container_id)
        if users.users or users.groups:
            self._emit([users])


def _info_of_event(container_id: str, attributes: Json, time: int) -> ContainerInfo:
    """The little that an event says of its container."""
    return ContainerInfo(
        id=container_id,
        time=time,
        name=attributes.get("name") or "",
        image=attributes.get("image") or "",
        state="created",
        created=time,
        complete=False,
    )
