"""Shells that somebody opens in a container from the screen: what happens in them is known as ours.

Nothing of it is hidden: its alerts are written, counted and sent like any others, with :data:`OWN_SHELL` as their entry
and :data:`TAG` among their tags, and lie in stacks of their own, which are acknowledged from the start with who opened
the shell. So they wake nobody who looks at what is new.

Which process is that shell is told by a token: the sensor makes one for each shell, the screen puts it among the
arguments of ``docker exec``, and the first program that appears with it is the shell, if it came into just this
container from outside (:func:`is_entered`). Then the token is worth nothing any more. A process inside cannot make
itself such a program, and it sees the token only when that has been used; who may use Docker's API could, and may
do anything else, too. In doubt nothing is marked. What the shell starts is ours as long as the shell itself lives: when
something happened decides, not when it is marked, since events come in batches and the shell may end in the same one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from engine.alerts import Alert, Ancestor
from engine.events import HOST, KernelEvent
from engine.protocol import SetState
from engine.state.lineage import OWN_SHELL, started_by
from engine.state.processes import Process, ProcessKey
from engine.state.waiting import PATIENCE_MENTIONED
from engine.state.world import World

TAG = "own_shell"
WAIT = 60 * 10**9
"""Nanoseconds for which a token is good: Docker may take a while."""
MOST = 64
"""Tokens, and shells, known at a time; more are not marked."""


@dataclass(frozen=True, slots=True)
class _Expected:
    """A shell that somebody is about to open."""

    container_id: str
    who: str
    until: int


class Shells:
    """See the module. ``waiting`` says whether programs are looked at (:meth:`note`)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._expected: dict[str, _Expected] = {}
        self._open: dict[ProcessKey, str] = {}
        """By its process: who opened it."""
        self._settled: set[int] = set()
        """Stacks that have their state."""
        self.opened = 0
        """Shells that were recognised."""

    def __len__(self) -> int:
        """How many are open, or ended so lately that alerts from before may be to come."""
        return len(self._open)

    @property
    def waiting(self) -> bool:
        """Whether a shell is about to be opened."""
        return bool(self._expected)

    def expect(self, container_id: str, who: str) -> str:
        """A token for a shell in this container."""
        self.expire()
        token = f"tiercel-{secrets.token_hex(16)}"
        if len(self._expected) < MOST:
            self._expected[token] = _Expected(container_id, who, self._world.moment + WAIT)
        return token

    def note(self, event: KernelEvent) -> None:
        """A program was executed: perhaps the shell."""
        if event.type not in ("execve", "execveat") or event.process is None or event.res != 0:
            return
        token = event.process.args[-1] if event.process.args else ""
        expected = self._expected.get(token)
        process = self._world.processes.get(event.pid, event.start)
        if expected is None or process is None:
            return
        if process.container_id == HOST:
            self._own(process)  # the command that opens it: nobody else has the token yet
        elif is_entered(process, expected.container_id):
            del self._expected[token]
            self._begin(process, expected)

    def _begin(self, process: Process, expected: _Expected) -> None:
        if self._world.moment <= expected.until and len(self._open) < MOST:
            self._open[process.pid, process.start] = expected.who
            self._own(process)
            self.opened += 1

    def _own(self, process: Process) -> None:
        """In the tree, too."""
        process.is_own = True
        self._world.processes.generation += 1

    def mark(self, alert: Alert) -> None:
        """Mark an alert that such a shell caused."""
        if not self._open or alert.container is None:
            return
        container_id = alert.container.id
        inside = takewhile(lambda step: step.container_id == container_id, alert.lineage)
        if any(self._is_ours(step, alert.time) for step in inside):
            alert.entry = OWN_SHELL
            alert.tags = [*alert.tags, TAG]

    def settle(self, alerts: Sequence[Alert]) -> list[SetState]:
        """The states that stacks of marked alerts get, once each: what somebody makes of them later holds."""
        requests = []
        for alert in alerts:
            if alert.entry == OWN_SHELL and alert.stack not in self._settled:
                self._settled.add(alert.stack)
                requests.append(SetState([alert.stack], "acknowledged", note=OWN_SHELL, who=self._who(alert)))
        return requests

    def _is_ours(self, step: Ancestor, time: int) -> bool:
        """Whether it is a shell that lived at ``time``; of its end the step tells if that was known to the judge."""
        return (step.pid, step.start) in self._open and (not step.exit_time or time <= step.exit_time)

    def _who(self, alert: Alert) -> str:
        keys = ((step.pid, step.start) for step in alert.lineage)
        return next((self._open[key] for key in keys if key in self._open), "")

    def expire(self) -> None:
        """Forget tokens that were not used in time, and shells that ended so long ago that no event of their time waits
        for its judge any more: call about once a second."""
        now = self._world.moment
        for token in [token for token, one in self._expected.items() if one.until < now]:
            del self._expected[token]
        for key in list(self._open):
            process = self._world.processes.get(*key)
            if process is None or (process.exit_time and process.exit_seen + PATIENCE_MENTIONED < now):
                del self._open[key]


def is_entered(process: Process, container_id: str) -> bool:
    """Whether a process came into this container from outside by itself: what started it, but for the steps of the
    runtime, is known and is on the host, and it is not the container's first."""
    if process.container_id != container_id or process.vpid == 1:
        return False
    above = started_by(process)
    return above is not None and above.container_id == HOST


__all__ = ["OWN_SHELL", "TAG", "Shells", "is_entered"]
