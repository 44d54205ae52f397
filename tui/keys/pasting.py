"""What is pasted is text, whatever is in it, and never keys.

A terminal puts it between two marks. Textual takes an escape between them for the beginning of a key all the same, and
presses what follows: somebody who copies a hostile name and pastes it would press the keys that are in it. So what it
reads is looked at first.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual._xterm_parser import XTermParser
from textual.events import Paste
from textual.message import Message

from engine.scrub import scrub

BEGIN, END = "\x1b[200~", "\x1b[201~"
ESCAPE = "\\x1b"
"""How an escape reads, as in all other text."""


class PasteReader:
    """Makes escapes within pasted text visible. What is read comes in pieces, which may end within a mark."""

    def __init__(self) -> None:
        self._pasting = False
        self._held = ""
        """The end of a piece that may be the beginning of the closing mark."""
        self._tail = ""
        """The end of what went through, which may be the beginning of the opening one."""

    def read(self, piece: str) -> str:
        """What may go on, as far as it is certain."""
        done, rest = "", self._held + piece
        self._held = ""
        while rest:
            step = self._pasted if self._pasting else self._typed
            through, rest = step(rest)
            done += through
        return done

    def _typed(self, text: str) -> tuple[str, str]:
        """Up to the opening mark, which may have begun in the piece before."""
        seen = self._tail + text
        place = seen.find(BEGIN)
        if place < 0:
            self._tail = seen[-(len(BEGIN) - 1) :]
            return text, ""
        self._pasting, self._tail = True, ""
        split = place + len(BEGIN) - (len(seen) - len(text))
        return text[:split], text[split:]

    def _pasted(self, text: str) -> tuple[str, str]:
        """Up to the closing mark."""
        inside, mark, rest = text.partition(END)
        if mark:
            self._pasting = False
            return inside.replace("\x1b", ESCAPE) + END, rest
        self._held = next(
            (text[-length:] for length in range(len(END) - 1, 0, -1) if END.startswith(text[-length:])), ""
        )
        return text[: len(text) - len(self._held)].replace("\x1b", ESCAPE), ""


class Parser(XTermParser):
    """Textual's own, behind a :class:`PasteReader`; no widget gets a pasted text that is not inert."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._reader = PasteReader()

    def feed(self, data: str) -> Iterator[Message]:
        """The events of what was read; "" is the end of it."""
        piece = self._reader.read(data) if data else ""
        for event in super().feed(piece) if piece or not data else ():
            yield Paste("\n".join(map(scrub, event.text.splitlines()))) if isinstance(event, Paste) else event
