"""Lists that no screen reads to the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from engine.alerts import Priority
from engine.protocol import StackRow
from tests.helpers.incident import WEB
from tests.helpers.sensor import NOW


class ManyStacks(Sequence[StackRow]):
    """A million stacks, each made when it is looked at."""

    def __len__(self) -> int:
        return 1_000_000

    @overload
    def __getitem__(self, index: int) -> StackRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[StackRow]: ...
    def __getitem__(self, index: int | slice) -> StackRow | list[StackRow]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return StackRow(
            stack=index + 1, count=1, first=NOW, last=NOW, alert_id=index + 1, rule=f"rule {index}",
            priority=Priority.NOTICE, container_id=WEB, container="web", image="bbp:1", process="p", cmdline="p",
            parent="sh", target=f"/row/{index}", user="root", tty=0, entry="",
        )  # fmt: skip
