"""How a process came into its container, and with which rights."""

from __future__ import annotations

import pytest

from engine.state.lineage import entry, entry_process, is_exec_privileged
from tests.helpers.rule_events import WEB, process, shell_in, web

ADMIN = 1 << 21


def test_on_the_host() -> None:
    assert entry(shell_in(None)) == "host"
    assert entry_process(shell_in(None)).name == "systemd"


def test_by_docker_exec() -> None:
    cat = shell_in(web())
    assert entry(cat) == "docker exec"
    assert entry_process(cat).name == "bash"


def test_from_the_first_process() -> None:
    first = process(70, "nginx", container_id=WEB, vpid=1)
    worker = process(71, "nginx", first, vpid=6)
    assert entry(worker) == entry(first) == "container start"


@pytest.mark.parametrize(
    ("entry_caps", "permitted", "privileged"),
    [(0b0111, 0b0111, False), (0b0111, 0b1111, True), (0b0111, 0, False), (None, ADMIN, True), (None, 1, False)],
)
def test_an_exec_with_more_rights_than_the_container(entry_caps: int | None, permitted: int, privileged: bool) -> None:
    container = web()
    container.entry_caps = entry_caps
    cat = shell_in(container)
    cat.cap_permitted = permitted
    assert is_exec_privileged(cat, container) is privileged


def test_a_privileged_container_needs_no_privileged_exec() -> None:
    container = web(privileged=True)
    cat = shell_in(container)
    cat.cap_permitted = ADMIN
    assert not is_exec_privileged(cat, container)


def test_the_containers_own_processes_did_not_enter_by_exec() -> None:
    container = web()
    container.entry_caps = 0
    first = process(70, "nginx", container_id=WEB, vpid=1, cap_permitted=ADMIN)
    assert not is_exec_privileged(first, container)
