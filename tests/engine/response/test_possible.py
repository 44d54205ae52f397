"""The table of responses, whom they leave alone, and the words that go with them."""

from __future__ import annotations

import re
import shlex

import pytest

from engine.response.audit import Target, Who, begin, go_on, left_networks
from engine.response.possible import (
    BY_ID,
    RESPONSES,
    Network,
    Own,
    Response,
    Standing,
    command_lines,
    evidence_image,
    hinders,
    leaves,
    protects_container,
    protects_tree,
    word_for,
)

HOSTILE = [
    "\x1b]52;c;eA==\x07",
    "[@click=app.quit]x[/]",
    "\x9b2J",
    "evil [/] end",
    "a`b",
    "--help",
    "x\u202e",
    "$(reboot)",
]
SHOP = Network("shop", "n1", ["www"], "10.0.0.2")
BACK = Network("back", "n2")
OWN = Own(frozenset({500, 501}), frozenset({"ab" * 32}))


def standing(state: str = "running", *networks: Network, mode: str = "shop") -> Standing:
    return Standing("cd" * 32, "web", "shop:1", state, list(networks), mode)


@pytest.mark.parametrize("row", RESPONSES, ids=lambda row: row.id)
def test_a_row_says_what_it_does_and_what_takes_it_back(row: Response) -> None:
    assert row.label and row.does and row.command
    assert bool(row.undo) + bool(row.final) + row.evidence == 1
    if row.undo:
        assert BY_ID[row.undo].undo == row.id
        assert BY_ID[row.undo].kind == row.kind


def test_evidence_comes_first_and_what_cannot_be_taken_back_behind_what_can() -> None:
    for kind in ("container", "process tree"):
        rows = [row for row in RESPONSES if row.kind == kind]
        assert [row.evidence for row in rows] == sorted((row.evidence for row in rows), reverse=True)
        acts = [row for row in rows if not row.evidence]
        assert acts[0].undo


@pytest.mark.parametrize(
    ("pids", "reason"),
    [([1], "first process"), ([900, 1], "first process"), ([2], "kernel"), ([900, 501], "Tiercel"), ([900, 901], "")],
)
def test_who_is_left_alone(pids: list[int], reason: str) -> None:
    assert reason in protects_tree(pids, OWN)
    assert bool(protects_tree(pids, OWN)) == bool(reason)


def test_the_container_that_we_run_in_is_left_alone() -> None:
    assert "Tiercel" in protects_container("ab" * 32, OWN)
    assert protects_container("cd" * 32, OWN) == ""


@pytest.mark.parametrize(
    ("response", "container", "reason"),
    [
        ("pause", standing(), ""),
        ("pause", standing("paused"), "it is paused"),
        ("unpause", standing("running"), "it is running"),
        ("unpause", standing("paused"), ""),
        ("stop", standing("paused"), ""),
        ("restart", standing("paused"), ""),
        ("restart", standing("exited"), "it is exited"),
        ("kill", standing("exited"), "it is exited"),
        ("logs", standing("exited"), ""),
        ("disconnect", standing("running", SHOP), ""),
        ("disconnect", standing("exited", SHOP), ""),
        ("disconnect", standing(), "it is in no network"),
        ("disconnect", standing("running", Network("none", "n0")), "it is in no network"),
        ("disconnect", standing("running", Network("host", "n9"), mode="host"), "no network of its own"),
        ("disconnect", standing(mode="container:ab"), "network of another container"),
    ],
)
def test_what_makes_no_sense(response: str, container: Standing, reason: str) -> None:
    found = hinders(BY_ID[response], container, [])
    assert reason in found
    assert bool(found) == bool(reason)


def test_a_container_comes_back_only_to_what_it_has_left() -> None:
    reconnect = BY_ID["reconnect"]
    assert hinders(reconnect, standing(), []) == "nobody has disconnected it"
    assert hinders(reconnect, standing(), [SHOP]) == ""
    assert hinders(reconnect, standing("running", SHOP), [SHOP]) != ""
    assert leaves(standing("running", SHOP, Network("none", "n0"))) == [SHOP]


@pytest.mark.parametrize("name", ["web", "shop_web.1", "kworker/0:1", "node@14"])
def test_a_name_that_can_be_typed_is_the_word(name: str) -> None:
    assert word_for(name, "4711") == name


@pytest.mark.parametrize("name", ["", " ", "a b", "wëb", "w\x1bb", "-rf", "x" * 65, "web\n", "\u202ebew", *HOSTILE])
def test_another_name_is_a_number(name: str) -> None:
    assert word_for(name, "4711") == "4711"


@pytest.mark.parametrize("name", ["web", "a b; rm -rf /", "$(id)", "'", *HOSTILE])
@pytest.mark.parametrize("row", RESPONSES, ids=lambda row: row.id)
def test_a_command_quotes_its_words(row: Response, name: str) -> None:
    for line in command_lines(row, name=name, image="i:1", targets=["4711"]):
        words = shlex.split(line)
        assert words[0] in ("docker", "kill")
        assert "{" not in row.command.format(name="", image="", network="", pids="")
        if "{name}" in row.command:
            assert name in words


def test_each_network_has_its_command_and_many_processes_are_cut() -> None:
    assert command_lines(BY_ID["disconnect"], name="web", targets=["shop", "my net"]) == [
        "docker network disconnect shop web",
        "docker network disconnect 'my net' web",
    ]
    (line,) = command_lines(BY_ID["kill-tree"], targets=list(map(str, range(100, 200))))
    assert line == "kill -KILL 100 101 102 103 104 105 106 107 108 109 110 111 …"


@pytest.mark.parametrize("name", ["web", "Web_1", "../../x", "", *HOSTILE])
def test_an_image_has_a_name_that_docker_takes(name: str) -> None:
    image = evidence_image(name, "20261128T200000Z")
    assert re.fullmatch(r"tiercel-evidence/[a-z0-9]+(?:-[a-z0-9]+)*:20261128T200000Z", image)


def test_networks_are_remembered_until_the_container_is_back() -> None:
    web, db = Target("container", "web", "w"), Target("container", "db", "d")
    who = Who(0, "root")
    left = begin("disconnect", who, web, networks=[SHOP, BACK])
    assert left_networks([left], "w") == [SHOP, BACK]
    assert left_networks([left], "d") == []
    assert left_networks([left, go_on(left, "failed", error="half")], "w") == [SHOP, BACK]
    back = begin("reconnect", who, web, networks=[SHOP])
    assert left_networks([left, back, go_on(back, "failed")], "w") == [SHOP, BACK]
    assert left_networks([left, back, go_on(back, "done")], "w") == []
    assert left_networks([left, begin("disconnect", who, db, networks=[BACK])], "w") == [SHOP, BACK]
    again = begin("disconnect", who, web, networks=[BACK])
    assert left_networks([left, back, go_on(back, "done"), again], "w") == [BACK]
