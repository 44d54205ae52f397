"""`tiercel watch --json` as a program reads it: a process, its alerts as they come, and nothing of its inside."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers.patience import PATIENCE


@dataclass(frozen=True)
class Seen:
    """An alert as it was read: Falco's object, and when its line arrived (nanoseconds since the epoch)."""

    alert: dict[str, Any]
    arrived: int

    @property
    def rule(self) -> str:
        """The rule's name."""
        return str(self.alert["rule"])

    @property
    def fields(self) -> dict[str, Any]:
        """``output_fields``."""
        fields: dict[str, Any] = self.alert["output_fields"]
        return fields

    @property
    def extra(self) -> dict[str, Any]:
        """What Tiercel adds: entry, target, container, lineage."""
        extra: dict[str, Any] = self.alert["tiercel"]
        return extra

    @property
    def container_id(self) -> str:
        """The full id, "" on the host."""
        return str((self.extra["container"] or {}).get("id", ""))

    @property
    def pids(self) -> set[int]:
        """The process and its ancestors."""
        return {step["pid"] for step in self.extra["lineage"]}

    @property
    def latency(self) -> float:
        """Milliseconds from the event to the line."""
        return (self.arrived - int(self.fields["evt.time"])) / 1e6

    def __str__(self) -> str:
        return str(self.alert["output"])


def _with_hosts(hosts: Path) -> list[str]:
    """What starts a program for which /etc/hosts is another file."""
    script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(hosts)]


class Watch:
    """The running program. Only what happens in containers of ours, or below this process, is kept: the machine may
    have other things to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.talk: list[str] = []
        self.containers: set[str] = set()
        self._process = process
        self._seen: list[Seen] = []
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read_alerts, daemon=True),
            threading.Thread(target=self._read_talk, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @classmethod
    @contextlib.contextmanager
    def open(cls, docker: str, store: Path, *options: str, hosts: Path | None = None) -> Iterator[Watch]:
        """Start it and wait until it watches; end it by SIGTERM and see that it ends well.

        For its resolver, and for nobody else, ``hosts`` stands in place of /etc/hosts.
        """
        command = [
            *(_with_hosts(hosts) if hosts else ()),
            sys.executable,
            "-m",
            "tiercel",
            "watch",
            "--json",
            "--docker",
            docker,
            "--store",
            str(store),
        ]
        process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )
        watch = cls(process)
        try:
            watch._until_live()
            yield watch
        finally:
            process.terminate()
            try:
                process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
            for reader in watch._readers:
                reader.join(timeout=PATIENCE)
        assert process.returncode == 0, watch.talk

    def mark(self) -> int:
        """Where we are in the alerts."""
        with self._changed:
            return len(self._seen)

    def since(self, mark: int) -> list[Seen]:
        """What of ours has come since then."""
        with self._changed:
            return [seen for seen in self._seen[mark:] if self._is_ours(seen)]

    def until(self, rule: str, mark: int, **fields: Any) -> Seen:
        """Wait for an alert of ours of this rule, with these fields (dots as ``__``)."""
        wanted = {name.replace("__", "."): value for name, value in fields.items()}

        def found() -> Seen | None:
            matching = (seen for seen in self._seen[mark:] if self._is_ours(seen) and seen.rule == rule)
            return next((seen for seen in matching if wanted.items() <= seen.fields.items()), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self._process.poll() is not None, timeout=PATIENCE)
            seen = found()
        assert seen is not None, f"no alert of {rule!r} with {wanted}; since then:\n{self._listing(mark)}"
        return seen

    def _is_ours(self, seen: Seen) -> bool:
        return seen.container_id in self.containers if seen.container_id else os.getpid() in seen.pids

    def _listing(self, mark: int) -> str:
        return "\n".join([*(str(seen) for seen in self._seen[mark:]), *self.talk])

    def _until_live(self) -> None:
        def is_live() -> bool:
            return any(": live" in line for line in self.talk)

        with self._changed:
            self._changed.wait_for(lambda: is_live() or self._process.poll() is not None, timeout=PATIENCE)
        assert is_live(), f"tiercel watch did not start: {self.talk}"

    def _read_alerts(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            arrived = time.time_ns()
            seen = Seen(json.loads(line), arrived)
            with self._changed:
                self._seen.append(seen)
                self._changed.notify_all()

    def _read_talk(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._changed:
                self.talk.append(line.rstrip())
                self._changed.notify_all()
