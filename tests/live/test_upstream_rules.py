"""Each of Falco's upstream rules fires for real system calls: in a container and, where it holds there, on the host.

The rule files are not in this repository: :mod:`tests.helpers.vectors` looks for them beside it, and the tests say so
when they are absent. What the shipped rules cover is held by the other scenes of this folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from engine.pushdown.atoms import Fact
from engine.pushdown.conditions import condition
from engine.rules.load import load
from engine.rules.ruleset import Rule
from tests.helpers.lab.docker import Lab
from tests.helpers.lab.private_host import PrivateHost
from tests.helpers.lab.provocations import (
    CANNOT_BE_PROVOKED,
    CHANGED,
    FENCE,
    NAMES,
    NAMESPACE,
    POOL,
    PROVOCATIONS,
    SETUP,
    Provocation,
    Where,
    rows,
    script,
)
from tests.helpers.lab.watch import Seen, Watch
from tests.helpers.patience import PATIENCE
from tests.helpers.vectors import upstream_rules

pytestmark = pytest.mark.live

CONTAINERS = {
    Where.CONTAINER: ("--cap-add", "NET_ADMIN"),
    Where.PRIVILEGED: ("--privileged",),
    Where.POD: ("--cap-add", "NET_ADMIN", "--label", f"io.kubernetes.pod.namespace={NAMESPACE}"),
}
"""Where to run scripts → the options of ``docker run``."""
HOST = ""
ATTEMPTS = 200
"""Commands in a container, each of some 100 ms, until what must come has failed to."""
CASES = [
    pytest.param(row, where, id=f"{row.rule}, {(where.name or '').lower()}")
    for row in PROVOCATIONS
    for where in Where
    if where in row.where
]


@pytest.fixture(scope="module")
def seen(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Seen]]:
    """Every alert of ours, when all has been done."""
    folder = tmp_path_factory.mktemp("upstream")
    files = [*upstream_rules(), *_own_files(folder)]
    options = [word for file in files for word in ("--rules", str(file))]
    with Watch.open(lab.url, folder / "alerts.db", *options, "--matching", "all", hosts=folder / "hosts") as watch:
        _play(lab, PrivateHost(folder / "root"), watch)
        yield watch.since(0)


def _own_files(folder: Path) -> list[Path]:
    """All rules are on, and the lists that users are to fill in have something in them."""
    (folder / "hosts").write_text("".join(f"{address} {name}\n" for address, name in NAMES.items()))
    (folder / "changed.yaml").write_text(CHANGED)
    on = [{"rule": rule.name, "enabled": True} for rule in load(upstream_rules()).rules]
    (folder / "on.yaml").write_text(json.dumps(on))
    return [folder / "changed.yaml", folder / "on.yaml"]


def _play(lab: Lab, host: PrivateHost, watch: Watch) -> None:
    names = {where: f"upstream-{(where.name or '').lower()}" for where in CONTAINERS}
    socket = ("-v", f"{lab.socket}:/var/run/docker.sock")
    watch.containers = {lab.run(names[where], options=(*CONTAINERS[where], *socket)) for where in CONTAINERS}
    _until_names_are_known(lab, names[Where.CONTAINER], watch)
    for where, name in names.items():
        lab.exec(name, "sh", "-c", script(where, name))
    host.run(script(Where.HOST, "host"))
    for row in rows(Where.ALONE):
        lab.exec(names[Where.CONTAINER], *row.command.split())
    for row in rows(Where.TERMINAL):
        lab.exec_tty(names[Where.CONTAINER], *row.command.split()).expect(pexpect.EOF)
    for row in rows(Where.HOST_TERMINAL):
        pexpect.spawn(row.command, timeout=PATIENCE).expect(pexpect.EOF)
    lab.exec(names[Where.CONTAINER], "act", "stratum+tcp://end")
    for fence in (*names.values(), "host", "end"):
        watch.until(FENCE, 0, proc__cmdline=f"act stratum+tcp://{fence}")
    lab.remove(*names.values())


def _until_names_are_known(lab: Lab, container: str, watch: Watch) -> None:
    """Nobody tells when the sensor has resolved the host names in rules; a rule that fires by one does."""
    rule = "Detect outbound connections to common miner pool ports"
    command = next(row.command for row in PROVOCATIONS if row.rule == rule)
    lab.exec(container, "sh", "-c", SETUP)
    for _ in range(ATTEMPTS):
        lab.exec(container, *command.split())
        if any(alert.rule == rule for alert in watch.since(0)):
            return
    raise AssertionError(f"the name of {POOL} was never resolved")


@pytest.mark.parametrize(("row", "where"), CASES)
def test_a_rule_fires(seen: list[Seen], row: Provocation, where: Where) -> None:
    fired = {alert.rule for alert in seen if (alert.container_id == HOST) is where.is_on_host}
    assert row.rule in fired


def test_every_field_of_their_messages_has_a_value_somewhere(seen: list[Seen]) -> None:
    told = {name for alert in seen for name, value in alert.fields.items() if value not in (None, "", "<NA>")}
    assert {name for alert in seen for name in alert.fields} - told == set()


def _may_fire_on_host(rule: Rule) -> bool:
    """Whether it says nowhere that it is for containers only."""
    clauses = [clause for kind, form in rule.forms.items() for clause in condition([form], kind)]
    return any((Fact.CONTAINER, True) not in clause for clause in clauses)


def test_every_rule_is_provoked_in_a_container_and_on_the_host_if_it_holds_in_both() -> None:
    rules = {rule.name: rule for rule in load([*upstream_rules()]).rules}
    on_host = {row.rule for row in PROVOCATIONS if any(where.is_on_host for where in row.where)}
    in_container = {row.rule for row in PROVOCATIONS if any(not where.is_on_host for where in row.where)}
    assert on_host == {name for name, rule in rules.items() if _may_fire_on_host(rule)}
    only_on_host = {name for name, rule in rules.items() if " and not container " in rule.condition}
    assert in_container >= rules.keys() - only_on_host - CANNOT_BE_PROVOKED.keys()


def test_every_rule_has_a_row_or_a_reason(not_provoked: dict[str, str]) -> None:
    """The list of those without is printed at the end: it is to be short."""
    not_provoked |= CANNOT_BE_PROVOKED
    names = [row.rule for row in PROVOCATIONS]
    assert sorted([*names, *CANNOT_BE_PROVOKED]) == sorted(rule.name for rule in load(upstream_rules()).rules)
    assert len(names) + len(CANNOT_BE_PROVOKED) == 93
