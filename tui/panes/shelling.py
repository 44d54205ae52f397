"""A shell in a container, by a key: the screen makes room for it, and the sensor knows it for ours.

It is Docker's own command line, with the rights of who sits here: the screen has none of its own.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from functools import partial

from textual.app import SuspendNotSupported

from engine.protocol import OpenShell, Shell
from tui import clip
from tui.dialogs.state import whoami
from tui.front import GoneError, RefusedError
from tui.outside import in_terminal, turn_page
from tui.panes.base import Pane
from tui.workers import start

CLIENTS = ("docker", "podman")
SCRIPT = "command -v bash >/dev/null 2>&1 && exec bash; exec sh"
"""bash where there is one; the token stands behind it, as the script's name."""


class Shelling(Pane):
    """A pane from which a shell can be opened."""

    def open_shell(self, container_id: str, name: str) -> None:
        """Open one; what stands in the way is said, with the command that does it elsewhere."""
        start(self, partial(self._open_shell, container_id, name), group="shell", exclusive=True)

    async def _open_shell(self, container_id: str, name: str) -> None:
        client = next((path for client in CLIENTS if (path := shutil.which(client))), None)
        if client is None:
            self._refer(container_id, "There is no docker command here. ")
            return
        try:
            shell = await self.front.ask(OpenShell(container_id, whoami()), Shell)
        except RefusedError as error:
            self.refuse(error)
        except GoneError:
            return  # the frame says so
        else:
            if not self.is_in_front:
                return
            try:
                await self._run(command_line(client, container_id, shell), name)
            except SuspendNotSupported:
                self._refer(container_id, "This terminal cannot be shared. ")

    def _refer(self, container_id: str, reason: str) -> None:
        command = self.there(clip.command("docker", "exec", "-it", container_id[:12], "sh"))
        self.say((reason, "bad"), ("Elsewhere:  ", "dim"), (command, "strong"))

    async def _run(self, command: list[str], name: str) -> None:
        with self.navigator.lend():
            turn_page()
            code = await _in_terminal(command, name)
        self.say((f"The shell in {name} has ended", ""), (f": exit code {code}" if code else "", "dim"))


def command_line(client: str, container_id: str, shell: Shell) -> list[str]:
    """The command that opens a shell which the sensor knows for ours."""
    at = ["-H", shell.url] if shell.url.startswith("unix://") else []  # Podman's takes it for Docker's sake
    return [client, *at, "exec", "-it", container_id, "sh", "-c", SCRIPT, shell.token]


async def _in_terminal(command: list[str], name: str) -> int:
    """Run it, with a word before and after. Its exit code."""
    terminal = sys.__stderr__
    print(f"\r\nA shell in {name}; exit leads back to Tiercel.\r", file=terminal, flush=True)
    code = await in_terminal(command)
    if code:
        print(
            f"\r\n{clip.command(*command)}: exit code {code}. Enter leads back to Tiercel.\r", file=terminal, flush=True
        )
        await asyncio.to_thread(sys.__stdin__.readline if sys.__stdin__ is not None else str)
    return code
