"""Programs that get the terminal for a while: an editor, a shell."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.app import SuspendNotSupported

from engine.errors import TiercelError, reason_of
from tui.navigation import Navigator

_EDITORS = ("sensible-editor", "editor", "nano", "vim", "vi")
"""What is looked for where nobody has said which."""


async def in_terminal(command: Sequence[str]) -> int:
    """Run a program on our terminal, which has been lent, and wait for it; what the sensor says meanwhile is taken in.
    Its exit code. Raises OSError."""
    terminal = sys.__stderr__
    process = await asyncio.create_subprocess_exec(*command, stdout=terminal, stderr=terminal)
    try:
        return await process.wait()
    except asyncio.CancelledError:  # the screen ends
        process.terminate()
        raise


@contextmanager
def own_screen() -> Iterator[None]:
    """A lent terminal's other screen, empty: nothing of before is on it, and nothing of it is left behind."""
    _write("\x1b[?1049h\x1b[2J\x1b[H")
    try:
        yield
    finally:
        _write("\x1b[?1049l")


def turn_page() -> None:
    """An empty page of a lent terminal; what was on it can be scrolled back to."""
    _write("\n" * shutil.get_terminal_size().lines + "\x1b[2J\x1b[H")


def _write(text: str) -> None:
    if (terminal := sys.__stderr__) is not None and terminal.isatty():
        terminal.write(text)
        terminal.flush()


async def edit(navigator: Navigator, text: str, name: str) -> str:
    """A text as somebody has left it in their editor, in a file of this name. Raises TiercelError."""
    with TemporaryDirectory(prefix="tiercel-") as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        command = editor()
        if code := await _edited(navigator, [*command, str(path)]):
            raise TiercelError(f"{command[0]} ended with {code}", hint="nothing was changed")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = f"the edited text cannot be read: {reason_of(error)}"
            raise TiercelError(reason, hint="nothing was changed") from error


async def _edited(navigator: Navigator, command: Sequence[str]) -> int:
    try:
        with navigator.lend(), own_screen():
            return await in_terminal(command)
    except SuspendNotSupported:
        raise TiercelError("this terminal cannot be given to another program", hint="use another terminal") from None
    except OSError as error:
        raise TiercelError(f"{command[0]} cannot be run: {error.strerror}", hint="set EDITOR to another") from error


def editor() -> list[str]:
    """The words of the command that edits a file: $VISUAL, $EDITOR, or what is there. Raises TiercelError for none."""
    said = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    try:
        words = shlex.split(said) if said else [next(filter(shutil.which, _EDITORS), "")]
    except ValueError as error:
        raise TiercelError(f"EDITOR cannot be read: {error}", hint="set it to a command") from None
    if not words or not shutil.which(words[0]):
        raise TiercelError(f"there is no editor {words[0] if words else ''}".strip(), hint="set EDITOR to yours")
    return words
