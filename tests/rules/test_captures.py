"""Falco's captures of real events: with its own rules we fire what it fired, and we print parameters as it does."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from engine.lang.arguments import shown
from engine.rules.load import load
from engine.rules.ruleset import RuleSet
from engine.schema import BY_NAME
from tests.helpers.captures import PROCESS_EVENTS, Replay, captures, fired, printed
from tests.helpers.vectors import upstream_rules

_FALCOS_NUMBERS = "Falco has numbers of its own for these; ours are Linux's"
_EVERY_FOLDER = "to Falco each folder is opened with O_TMPFILE, of which O_DIRECTORY is a part"
_FILE_FOR_FOLDER = "Falco takes a folder opened without O_DIRECTORY for a file"
_ITS_TABLE = "Falco looks in its tables of descriptors and processes; ours knows the event's own"

DIFFERENT = {
    ("ptrace", "request"): _FALCOS_NUMBERS,
    ("setns", "nstype"): _FALCOS_NUMBERS,
    ("unshare", "flags"): _FALCOS_NUMBERS,
    ("openat", "flags"): _EVERY_FOLDER,
    ("openat2", "flags"): _EVERY_FOLDER,
    ("openat", "dirfd"): _FILE_FOR_FOLDER,
    ("unlinkat", "dirfd"): _FILE_FOR_FOLDER,
    ("ptrace", "pid"): _ITS_TABLE,
    ("dup2", "res"): _ITS_TABLE,
    ("dup2", "newfd"): _ITS_TABLE,
    ("setsid", "res"): _ITS_TABLE,
    ("setuid", "uid"): "Falco had not read the users of a container that had just begun; to us uid 0 is always root",
}
"""Parameters that are printed otherwise in some events, each with the reason."""


@cache
def ruleset(which: str) -> RuleSet:
    """The stable file, or all three, as shipped."""
    files = upstream_rules()
    return load(files[:1] if which == "stable" else files)


@pytest.mark.parametrize("which", ["stable", "all"])
def test_the_same_rules_fire_at_the_same_events(which: str) -> None:
    found = captures()
    differing = {}
    for capture in found:
        ours = [
            (judged.kernel.time, rule.name)
            for _facts, judged in Replay(capture)
            for rule in ruleset(which).match(judged, first=True)
        ]
        if sorted(ours) != fired(capture, which):
            differing[capture.name] = (sorted(ours), fired(capture, which))
    assert differing == {}
    assert len(found) > 20


def test_parameters_are_printed_as_falco_prints_them() -> None:
    same, differing = 0, Counter[tuple[str, str]]()
    for capture in captures():
        for facts, judged in Replay(capture):
            if judged.kernel.type in PROCESS_EVENTS:
                continue
            wanted = printed(facts)
            for param in BY_NAME[judged.kernel.type].params:
                if param.name in wanted and shown(judged, param) != f"{param.name}={wanted[param.name]}":
                    differing[judged.kernel.type, param.name] += 1
                else:
                    same += 1
    print(f"{same} parameters are the same, {differing.total()} differ")
    assert differing.keys() == DIFFERENT.keys()
    assert same > 20 * differing.total() > 0
