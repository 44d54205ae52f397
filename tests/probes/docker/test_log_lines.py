"""The bytes of Docker's logs as lines, however they are cut."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from probes.docker.api import exact_nanoseconds
from probes.docker.log_lines import LONGEST, LogParser, Written

STAMP = "2026-09-21T10:00:00.123456789Z"
TIME = 1_789_984_800_123_456_789


def frame(stream: int, data: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def parsed(data: bytes, *, terminal: bool = False, cuts: list[int] | None = None) -> list[Written]:
    parser = LogParser(terminal=terminal)
    bounds = [0, *sorted(cuts or []), len(data)]
    lines = [line for begin, end in pairwise(bounds) for line in parser.feed(data[begin:end])]
    return [*lines, *parser.rest()]


def test_the_streams_are_told_apart_and_the_times_are_exact() -> None:
    data = frame(1, f"{STAMP} out\n".encode()) + frame(2, f"{STAMP} err\n".encode())
    assert parsed(data) == [(TIME, "out", False), (TIME, "err", True)]
    assert exact_nanoseconds("2026-09-21T12:00:00.123456789+02:00") == TIME
    assert exact_nanoseconds("2026-09-21T10:00:00Z") == TIME // 10**9 * 10**9


def test_a_terminal_has_one_stream_without_frames() -> None:
    assert parsed(f"{STAMP} $ ls\r\n{STAMP} bin\r\n".encode(), terminal=True) == [
        (TIME, "$ ls", False),
        (TIME, "bin", False),
    ]


@pytest.mark.parametrize("seed", range(20))
def test_it_does_not_matter_where_the_bytes_are_cut(seed: int) -> None:
    chance = random.Random(seed)
    texts = [(chance.choice((1, 2)), f"{STAMP} {'é' * chance.randrange(40)}{number}") for number in range(30)]
    data = b"".join(frame(stream, text.encode() + b"\n") for stream, text in texts)
    cuts = [chance.randrange(len(data)) for _ in range(chance.randrange(60))]
    assert parsed(data, cuts=cuts) == parsed(data)
    assert [text for _, text, _ in parsed(data)] == [text.removeprefix(f"{STAMP} ") for _, text in texts]


def test_lines_of_two_streams_that_are_sent_in_parts_do_not_mix() -> None:
    data = frame(1, b"one ") + frame(2, b"two ") + frame(1, b"ends\n") + frame(2, b"ends, too\n")
    assert [(text, error) for _, text, error in parsed(data)] == [("one ends", False), ("two ends, too", True)]


def test_a_line_without_end_takes_bounded_memory() -> None:
    parser = LogParser(terminal=False)
    for _ in range(100):
        assert list(parser.feed(frame(1, b"x" * 10_000))) == []
    ((_, text, _),) = parser.feed(frame(1, b"\n"))
    assert len(text) == LONGEST


def test_colours_are_left_out_and_everything_else_is_left_to_the_border() -> None:
    hostile = b"\x1b[1;31mred\x1b[0m\t\x1b]52;c;cm0=\x07\x1b[2J\x9b2J\xff"
    ((_, text, _),) = parsed(frame(1, hostile + b"\n"))
    assert text == "red     \x1b]52;c;cm0=\x07\x1b[2J\\x9b2J\\xff"
