"""Starting asynchronous work from a widget."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker


def start(
    owner: DOMNode,
    work: Callable[[], Coroutine[Any, Any, None]],
    *,
    name: str = "",
    group: str = "default",
    exclusive: bool = False,
) -> Worker[None]:
    """Run ``work`` in a worker of the owner's, as :meth:`DOMNode.run_worker` does.

    The function is given, not its coroutine: one that is cancelled before it began leaves no coroutine unawaited.
    """
    return owner.run_worker(work, name=name, group=group, exclusive=exclusive)
