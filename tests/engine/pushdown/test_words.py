"""What the kernel tests of a rule, said to a person."""

from __future__ import annotations

from engine.pushdown.words import push_down_lines, push_down_rows
from tests.helpers.rule_files import rule, rules


def lines(condition: str) -> list[str]:
    return list(push_down_lines(rules(rule("R", condition)).values()))


def test_a_rule_with_what_the_kernel_tests_of_it() -> None:
    condition = (
        "evt.type = openat and evt.is_open_read = true and fd.name = /etc/shadow and not proc.name in (su, sshd)"
    )
    assert lines(condition) == [
        "R",
        "    openat               opened to read, path is /etc/shadow, process name not is su sshd",
    ]


def test_several_ways_and_none() -> None:
    assert lines("evt.type = openat and (fd.name startswith /a or fd.name endswith /b)") == [
        "R",
        "    openat               path ends with /b",
        "                         or path begins with /a",
    ]
    assert lines("evt.type = openat and proc.cmdline contains x") == ["R", "    openat               everything"]
    assert lines("evt.type = procexit") == ["R", "    procexit             everything"]


def test_many_operands_are_counted() -> None:
    condition = f"evt.type = openat and fd.name in ({', '.join(f'/{i}' for i in range(9))})"
    assert lines(condition)[1].endswith("path is /0 /1 /2 /3 … (9)")


def test_rules_that_are_off_are_left_out() -> None:
    found = rules(rule("R", "evt.type = openat", enabled="false"))
    assert push_down_rows(found.values()) == []
