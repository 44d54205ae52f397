"""Programs that get the terminal for a while: an editor, a shell."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.app import App, SuspendNotSupported

from engine.errors import TiercelError

_EDITORS = ("sensible-editor", "editor", "nano", "vim", "vi")
"""What is looked for where nobody has said which."""


async def run(app: App[None], command: Sequence[str], env: Mapping[str, str] | None = None) -> int:
    """Give a program the terminal and wait for its end; its exit code. Raises TiercelError where that cannot be.

    The loop goes on, for a front end that reads nothing is dropped by its sensor; nothing is drawn meanwhile.
    """
    try:
        with app.batch_update(), app.suspend(), _undisturbed():
            return await asyncio.to_thread(subprocess.call, list(command), env=env)
    except SuspendNotSupported:
        raise TiercelError("this terminal cannot be given to another program", hint="use another terminal") from None
    except OSError as error:
        raise TiercelError(f"{command[0]} cannot be run: {error.strerror}") from error


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl+c is meant for the program in front. A handler, as the program would inherit that we ignore it."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


async def edit(app: App[None], text: str, name: str) -> str:
    """A text as somebody has left it in their editor, in a file of this name. Raises TiercelError."""
    with TemporaryDirectory(prefix="tiercel-") as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        command = editor()
        if code := await run(app, [*command, str(path)]):
            raise TiercelError(f"{command[0]} ended with {code}", hint="nothing was changed")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TiercelError(f"the edited text cannot be read: {error}", hint="nothing was changed") from error


def editor() -> list[str]:
    """The words of the command that edits a file: $VISUAL, $EDITOR, or what is there. Raises TiercelError for none."""
    said = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    words = shlex.split(said) if said else [next(filter(shutil.which, _EDITORS), "")]
    if not words or not shutil.which(words[0]):
        raise TiercelError(f"there is no editor {words[0] if words else ''}".strip(), hint="set EDITOR to yours")
    return words
