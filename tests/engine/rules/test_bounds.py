"""Files and documents that would cost memory, stack or time without end are refused, with the reason and what to do."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from engine.errors import RulesError
from engine.lang.facts import of_event
from engine.problems import Problem
from engine.rules.documents import MAX_BYTES, MAX_DEPTH, MAX_NODES
from engine.rules.explain import explain
from engine.rules.load import load, loads
from tests.helpers.events import opened


def problem_of(path: Path) -> Problem:
    with pytest.raises(RulesError) as caught:
        load([path])
    (problem,) = caught.value.problems
    assert problem.file == str(path)
    return problem


def problem_in(text: str) -> Problem:
    with pytest.raises(RulesError) as caught:
        loads([("r.yaml", text)])
    assert caught.value.problems[0].file == "r.yaml"
    return caught.value.problems[0]


def test_a_file_of_a_hundred_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    problem = problem_of(path)
    assert problem.message == f"cannot read: the file is larger than {MAX_BYTES // 2**20} MiB"
    assert problem.hint == "split it into several files"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_a_device_that_never_ends(device: str) -> None:
    assert problem_of(Path(device)).message == "cannot read: it is a device, not a file"


def test_a_pipe_without_a_writer_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    assert problem_of(path).message == "cannot read: it is a pipe, not a file"


def test_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert problem_of(path).message.startswith("cannot read: ")


def test_a_folder_among_the_files_of_a_folder_is_no_rule_file(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").mkdir()
    assert load([tmp_path]).rules == ()


def test_a_byte_that_is_not_utf_8_is_named_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("- list: ü\n  items: [Zo".encode() + b"\xeb]\n")
    problem = problem_of(path)
    assert (problem.line, problem.column, problem.message) == (2, 13, "the byte 0xeb is not UTF-8")


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "- - "])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1_000_000])
def test_collections_within_each_other(opening: str, depth: int) -> None:
    problem = problem_in(opening * depth)
    assert problem.code == "LOAD_ERR_YAML_PARSE"
    assert problem.message == f"more than {MAX_DEPTH} collections stand within each other"
    assert problem.line == 1


def test_aliases_that_multiply() -> None:
    levels = "".join(f"- &l{number} [{', '.join([f'*l{number - 1}'] * 9)}]\n" for number in range(1, 40))
    problem = problem_in(f"- &l0 [{'x' * 100}]\n{levels}")
    assert problem.message == "with its aliases written out this has more than 16,777,216 characters"
    assert (problem.column, problem.hint) == (3, "use fewer aliases")


def test_an_alias_within_its_own_anchor() -> None:
    assert problem_in("- &a [*a]\n").message == "an alias stands within its own anchor"


def test_more_values_than_any_rules_have() -> None:
    problem = problem_in("- list: l\n  items: [" + "a," * MAX_NODES + "]\n")
    assert problem.message == f"the file has more than {MAX_NODES:,} values"


def test_a_character_that_yaml_does_not_allow_is_named_with_its_place() -> None:
    problem = problem_in("- list: l\n  items: [a, \x07b]\n")
    assert (problem.line, problem.column) == (2, 14)
    assert problem.message == "the character U+0007 cannot stand in YAML"


def test_tags_make_no_objects() -> None:
    rules = loads([("r.yaml", "- list: !!python/object/apply:os.abort l\n  items: [a]\n")])
    assert "LOAD_UNUSED_LIST" in {warning.code for warning in rules.warnings}


RULE = "- rule: R\n  desc: d\n  priority: error\n  output: x\n  condition: {}\n"


def test_lists_that_multiply() -> None:
    lists = "".join(f"- list: l{number}\n  items: [l{number + 1}, l{number + 1}]\n" for number in range(100))
    problem = problem_in(lists + RULE.format("evt.type in (l0)"))
    assert problem.message == "the condition has more than 4,194,304 characters, with its lists replaced"


def test_lists_in_many_rules_share_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.rules.lists.MAX_INSERTED", 2_000)
    large = f"- list: large\n  items: [{', '.join(['abcd'] * 200)}]\n"
    rules = "".join(
        RULE.format("evt.type = open and fd.name in (large)").replace("R\n", f"R{number}\n") for number in range(3)
    )
    problem = problem_in(large + rules)
    assert (problem.item, problem.hint) == ("rule 'R1'", "use shorter lists, or fewer in one condition")


def test_macros_that_multiply_without_checks() -> None:
    macros = "".join(f"- macro: m{number}\n  condition: m{number - 1} or m{number - 1}\n" for number in range(1, 60))
    problem = problem_in("- macro: m0\n  condition: nothing\n" + macros + RULE.format("m59"))
    assert problem.message == "Undefined macro 'nothing' used in filter."


@pytest.mark.parametrize("number", ["9" * 5000, "\u00b2", "\u0663", "'-'", "'-1'", "09", "1_0", "4294967296"])
def test_numbers_that_are_none(number: str) -> None:
    duration = RULE.format("evt.type = open") + f"  capture_duration: {number}\n"
    for text in (duration, f"- required_engine_version: {number}\n"):
        assert problem_in(text).code == "LOAD_ERR_YAML_VALIDATE"


# ── depth ───────────────────────────────────────────────────────────────────────────────────────────────────────────

DEEP = {
    "parentheses": "evt.type = open and " + "(" * 198 + "proc.pid = 1" + ")" * 198,
    "negations": "evt.type = open and " + "not (" * 198 + "proc.pid = 1" + ")" * 198,
    "and, or": "evt.type = open"
    + "".join(f" {'or' if n % 2 else 'and'} (proc.pid = {n}" for n in range(196))
    + ")" * 196,
    "macros": "m120",
}
MACROS = "- macro: m0\n  condition: evt.type = open\n" + "".join(
    f"- macro: m{n}\n  condition: not (m{n - 1} or proc.pid = {n})\n" for n in range(1, 121)
)


@pytest.mark.parametrize("shape", DEEP)
def test_what_falco_takes_is_judged_explained_and_printed(shape: str) -> None:
    def work(frames: int) -> None:
        """With more on the stack than a server or a screen has there."""
        if frames:
            work(frames - 1)
            return
        rules = loads([("deep.yaml", MACROS + RULE.format(DEEP[shape]))])
        (rule,) = rules.rules
        event = opened("/etc/passwd", 0)
        assert bool(rules.match(event)) is explain(rule, of_event(event)).holds
        assert str(rule.expanded).startswith(("(", "not"))

    work(100)


def test_what_nests_deeper_is_refused() -> None:
    text = "evt.type = open" + "".join(f" {'or' if n % 2 else 'and'}(proc.pid = {n}" for n in range(300)) + ")" * 300
    assert problem_in(RULE.format(text)).message == "the condition nests more than 250 levels deep, macros included"
