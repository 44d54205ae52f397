"""What is typed, read from the terminal: Esc is a key of its own as soon as it can be none else.

Most keys that have no letter begin with the same byte as Esc. Textual waits 100 ms for the rest of one, and looks at
the clock only every 100 ms. The rest is there at once: a terminal, ssh and tmux hand on a key in one piece. So Esc is
one when nothing more waits for :data:`ESCAPE` seconds; of a key that has begun with more, the rest has longer. Where a
line cuts keys in two (at 300 baud), ``ESCDELAY`` says for how many milliseconds, as in other programs. What counts is
what waits in the terminal, not the clock: a program that stood still for a moment has not waited.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator

from textual import constants
from textual.events import Key
from textual.message import Message

from tui.keys.chords import Chord
from tui.keys.pasting import Parser
from tui.terminal.output import Terminal

ESCAPE = constants.ESCAPE_DELAY if "ESCDELAY" in os.environ else 0.02
"""Seconds in which the next byte of a key has come."""
_GLANCE = 0.1
"""Seconds in which the rest of a key has come that surely has begun; and after which it is looked whether to go on."""
_CHUNK = 4096
_BEGIN = "[O"
"""Behind an escape these begin a longer key."""


class KeyParser(Parser):
    """Textual's own, which leaves open what Esc and another key are, and can be told that nothing more comes."""

    @property
    def is_within(self) -> bool:
        """Whether a key may have begun."""
        return self._timeout_time is not None

    def break_off(self) -> Iterable[Message]:
        """What has come is all."""
        self._timeout_time = 0.0
        return self.tick()

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[Key]:
        behind = sequence if alt else sequence.removeprefix("\x1b")
        if len(behind) == 1 and (alt or (behind != sequence and behind not in _BEGIN)):
            return [Chord(key) for key in super()._sequence_to_key_events(behind)]
        return super()._sequence_to_key_events(sequence)


class KeyReader:
    """Makes events of what comes from a descriptor. ``escape`` is :data:`ESCAPE`."""

    def __init__(self, descriptor: int, *, escape: float = ESCAPE, parser: KeyParser | None = None) -> None:
        self._descriptor = descriptor
        self._escape = escape
        self._parser = parser or KeyParser()
        self._decode = getincrementaldecoder("utf-8")(errors="replace").decode
        self._is_alone = False
        """An Esc has come, and nothing behind it."""
        self._selector = selectors.SelectSelector()
        self._selector.register(descriptor, selectors.EVENT_READ)

    def read(self) -> Iterator[Message]:
        """What is there, or comes in a moment. Raises EOFError at the end."""
        if self._is_ready(self._escape if self._is_alone else _GLANCE):
            piece = os.read(self._descriptor, _CHUNK)
            if not piece:
                raise EOFError
            text = self._decode(piece)
            self._is_alone = piece.endswith(b"\x1b")
            yield from self._parser.feed(text) if text else ()  # the rest of a letter comes
        elif self._parser.is_within and not self._is_ready(0):  # it may have come since we had our turn
            self._is_alone = False
            yield from self._parser.break_off()

    def close(self) -> None:
        """Read no more."""
        self._selector.close()

    def _is_ready(self, seconds: float) -> bool:
        return bool(self._selector.select(seconds))


class Keyboard(Terminal):
    """With another reader than Textual's own driver."""

    def run_input_thread(self) -> None:
        """Read until it is said to be enough, and what has come until then."""
        reader = KeyReader(self.fileno, parser=KeyParser(self._debug))
        try:
            while not self.exit_event.is_set():
                self._hand_on(reader)
            self._hand_on(reader)
        except EOFError:
            pass  # the terminal is gone, which is seen to elsewhere
        finally:
            reader.close()

    def _hand_on(self, reader: KeyReader) -> None:
        for event in reader.read():
            self.process_message(event)
