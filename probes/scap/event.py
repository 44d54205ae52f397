"""An event of a capture on its way to the engine: whose it is, and its parameters by name."""

from __future__ import annotations

from probes.scap.opens import Open
from probes.scap.table import Row
from probes.scap.threads import Thread
from probes.scap.values import Value, number, text, texts


class ScapEvent:
    """One event, with the thread that it is about."""

    __slots__ = ("row", "thread", "time", "values")

    def __init__(self, row: Row, time: int, thread: Thread, values: dict[str, Value]) -> None:
        self.row = row
        self.time = time
        self.thread = thread
        self.values = values

    @property
    def res(self) -> int | None:
        """What the call returned: its parameter ``res``, or the descriptor that comes first."""
        value = self.values.get("res")
        if value is None and self.row.params and self.row.params[0].type in _RETURNED:
            value = self.values.get(self.row.params[0].name)
        return value if isinstance(value, int) else None

    @property
    def failed(self) -> bool:
        """Whether the call returned an error."""
        return (self.res or 0) < 0

    def has(self, name: str) -> bool:
        """Whether the file has a value for a parameter."""
        return self.values.get(name) not in (None, b"")

    def number(self, name: str, default: int = 0) -> int:
        """A number; the default where there is none."""
        return number(self.values.get(name), default)

    def text(self, name: str) -> str:
        """A text; "" where there is none."""
        return text(self.values.get(name))

    def raw(self, name: str) -> bytes:
        """The bytes of a value that is no number."""
        value = self.values.get(name)
        return value if isinstance(value, bytes) else b""

    def texts(self, name: str) -> list[str]:
        """Texts that each end with a zero."""
        return texts(self.values.get(name))

    def opened(self, number: int) -> Open | None:
        """A descriptor of the process; None where it is not known."""
        return self.thread.process.opened(number)


_RETURNED = frozenset({"FD", "ERRNO", "PID"})
