"""Parts that are compiled at once, each in a process of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from engine.errors import SourceError
from probes.kernel.bytecode import Bytecode, decode
from probes.kernel.forked import answered, at_once

PARTS = ("one", "two", "three")


def made(name: str) -> Bytecode:
    return Bytecode(name, (), (), {}, "boot")


def test_the_answers_come_in_order_and_each_from_a_process_of_its_own() -> None:
    makers = at_once(lambda name: made(f"{name} {os.getpid()}"), PARTS)
    names, pids = zip(*(each.transport.split() for each in makers), strict=True)
    assert names == PARTS
    assert pids[0] == str(os.getpid())
    assert len(set(pids)) == len(PARTS)


def test_what_cannot_be_compiled_is_told_as_it_is_here() -> None:
    def make(name: str) -> Bytecode:
        if name == "two":
            raise SourceError("no clang", hint="install it")
        return made(name)

    with pytest.raises(SourceError, match="no clang") as caught:
        at_once(make, PARTS)
    assert caught.value.hint == "install it"


ENDS: dict[str, Callable[[], None]] = {"5": lambda: os._exit(5), "-9": lambda: os.kill(os.getpid(), signal.SIGKILL)}


@pytest.mark.parametrize("told", ENDS)
def test_a_part_that_ends_without_a_word(told: str) -> None:
    def make(name: str) -> Bytecode:
        if name == "three":
            ENDS[told]()
        return made(name)

    with pytest.raises(SourceError, match=f"exit status {told}"):
        at_once(make, PARTS)


def test_an_answer_is_byte_code_or_says_why_there_is_none() -> None:
    def refuse() -> Bytecode:
        raise SourceError("no", hint="yes")

    sent, code = answered(lambda: made("ring"))
    assert (decode(sent), code) == (made("ring"), 0)
    assert answered(refuse) == (b'{"error": "no", "hint": "yes"}', 3)
