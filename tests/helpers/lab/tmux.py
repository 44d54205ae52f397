"""A real terminal with a program in it: a tmux server of our own, keys in, the screen's text out."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.helpers.patience import PATIENCE


class Tmux:
    """A session with one window. Nothing is waited for by sleeping: what the program writes wakes us."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "tmux.sock"
        self._output = folder / "output"
        self._descriptor = -1
        self.written = bytearray()
        """Every byte that came to the terminal, as far as it was read."""

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: Path, *command: str, size: tuple[int, int] = (160, 50)) -> Iterator[Tmux]:
        """Run ``command`` in a window of this many columns and lines; end it at the end."""
        terminal = cls(folder)
        terminal._start(command, size)
        try:
            yield terminal
        finally:
            terminal._stop()

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names: ``Enter``, ``Escape``, ``Space``, ``Down``, ``a``."""
        self._tmux("send-keys", *keys)

    def press(self, *keys: str, shows: str | Sequence[str] = (), gone: str = "") -> str:
        """Press keys and wait for what they lead to: a screen with all of ``shows`` and without ``gone``.

        What is so before they are pressed says nothing of them. The wait for it would end at once, and the next key go
        wherever it happens to: that is refused.
        """
        shown = (shows,) if isinstance(shows, str) else tuple(shows)

        def is_there(screen: str) -> bool:
            return all(text in screen for text in shown) and not (gone and gone in screen)

        before = self.text()
        assert not is_there(before), f"{shown}, without {gone!r}, is so before {keys} is pressed:\n{before}"
        self.keys(*keys)
        return self.until(is_there, f"{keys} shows {shown} without {gone!r}")

    def front(self) -> str:
        """The view or tab in front: what is lit in the line of them; "" if none is."""
        line = self._tmux("capture-pane", "-p", "-e").splitlines()[1]
        lit = re.search(r"\x1b\[1;4m(?:\x1b\[[\d;]*m)*([^\x1b]*)", line)
        return lit[1] if lit else ""

    def until_front(self, name: str, *texts: str) -> str:
        """Wait until the view or tab whose name begins so is in front, and the screen shows all of these."""
        return self.until(
            lambda screen: self.front().startswith(name) and all(text in screen for text in texts),
            f"{name!r} is in front with {texts}",
        )

    def paste(self, content: bytes) -> None:
        """Paste it as it stands, between the marks that the program asked for."""
        command = ["tmux", "-S", str(self._socket)]
        subprocess.run([*command, "load-buffer", "-"], input=content, check=True, capture_output=True)
        self._tmux("paste-buffer", "-p", "-r")

    def write(self, text: str) -> None:
        """Type a text as it stands."""
        self._tmux("send-keys", "-l", text)

    def text(self) -> str:
        """What the screen shows, line by line."""
        return self._tmux("capture-pane", "-p")

    def styled(self, text: str) -> str:
        """The escape sequences in force where this text stands on the screen."""
        line = next(line for line in self._tmux("capture-pane", "-p", "-e").splitlines() if text in line)
        before = line[: line.index(text)]
        return before[before.rfind("\x1b") :] if "\x1b" in before else ""

    def until(self, condition: Callable[[str], object], what: str, patience: float = PATIENCE) -> str:
        """Wait until the screen is so, and give its text."""
        deadline = time.monotonic() + patience
        while not condition(screen := self.text()):
            assert time.monotonic() < deadline, f"{what}: this never came to be; the screen shows\n{screen}"
            self._wait_for_output(deadline)
        return screen

    def until_shown(self, *texts: str, patience: float = PATIENCE) -> str:
        """Wait until the screen shows all of these."""
        return self.until(lambda screen: all(text in screen for text in texts), f"shows {texts}", patience)

    def until_gone(self, text: str) -> str:
        """Wait until the screen does not show this any more."""
        return self.until(lambda screen: text not in screen, f"does not show {text!r}")

    def until_ended(self) -> None:
        """Wait until the program has ended and the shell says with which exit code."""
        self.until_shown("exit code ")

    def _start(self, command: tuple[str, ...], size: tuple[int, int]) -> None:
        """A shell in the window runs the program, so that what it leaves on the terminal can be seen."""
        os.mkfifo(self._output)
        self._descriptor = os.open(self._output, os.O_RDWR | os.O_NONBLOCK)
        columns, lines = size
        window = ["-x", str(columns), "-y", str(lines)]
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", *window, "env", "-u", "COLUMNS", "-u", "LINES", "PS1=$ ", "sh"
        )
        self._tmux("pipe-pane", f"cat > {shlex.quote(str(self._output))}")
        self.write(f"clear; {shlex.join(command)}; echo exit code $?")
        self.keys("Enter")

    def _stop(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
        os.close(self._descriptor)

    def _wait_for_output(self, deadline: float) -> None:
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if ready:
            self.written += os.read(self._descriptor, 1 << 20)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
