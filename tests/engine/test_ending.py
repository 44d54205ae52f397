"""How a process ended, in words."""

from __future__ import annotations

from engine.ending import ending


def test_an_end_is_an_exit_or_a_signal() -> None:
    assert ending(0) == "exited 0"
    assert ending(1 << 8) == "exited 1"
    assert ending(9) == "killed by SIGKILL"
    assert ending(0x7E) == "killed by signal 126"
