"""An event in one line: what was run, and how it ended."""

from __future__ import annotations

import msgspec
import pytest

from engine.events import ProcessInfo
from engine.state.event import Event
from engine.views.event_rows import summary
from tests.helpers.events import called, started


def executed(program: str, *argv: str) -> Event:
    """As the kernel tells it: with the process as it is from then on."""
    event = started(program, *argv)
    info = ProcessInfo(pid=1, start=1, exe=argv[0], exepath=program, args=list(argv[1:]))
    event.kernel = msgspec.structs.replace(event.kernel, process=info)
    return event


def test_a_program_is_told_with_what_it_was_called_with() -> None:
    assert summary(executed("/usr/bin/curl", "curl", "-s", "http://x")) == "execve /usr/bin/curl -s http://x → 0"


def test_a_program_that_goes_by_another_name_is_told_by_both() -> None:
    assert summary(executed("/bin/busybox", "cat", "/etc/shadow")) == "execve /bin/busybox as cat /etc/shadow → 0"


def test_a_long_command_line_ends_in_an_ellipsis() -> None:
    assert summary(executed("/bin/echo", "echo", "x" * 1000)) == f"execve /bin/echo {'x' * 300}… → 0"


@pytest.mark.parametrize(("status", "words"), [(0, "exited 0"), (3 << 8, "exited 3"), (9, "killed by SIGKILL")])
def test_an_end_is_told_with_its_status(status: int, words: str) -> None:
    assert summary(called("procexit", res=None, status=status)) == f"procexit {words}"
