"""The laboratory itself: what the other live tests rely on."""

import pytest

from tests.helpers.lab import Lab, LabError

pytestmark = [pytest.mark.live, pytest.mark.beside]


def test_a_container_runs_and_takes_commands(lab: Lab) -> None:
    container = lab.run("lab-plain")
    assert lab.exec("lab-plain", "id", "-u") == "0"
    assert lab.docker("inspect", "--format", "{{.Id}}", "lab-plain") == container
    lab.remove("lab-plain")


def test_a_privileged_container_starts_on_a_machine_that_lacks_a_capability(lab: Lab) -> None:
    lab.run("lab-privileged", options=("--privileged",))
    assert lab.exec("lab-privileged", "id", "-u", options=("--privileged",)) == "0"
    lab.remove("lab-privileged")


def test_a_terminal_in_a_container_is_a_terminal(lab: Lab) -> None:
    lab.run("lab-terminal")
    terminal = lab.exec_tty("lab-terminal", "sh")
    terminal.sendline("tty")
    terminal.expect(r"/dev/pts/\d+")
    terminal.sendline("exit")
    terminal.wait()
    lab.remove("lab-terminal")


def test_what_fails_is_said(lab: Lab) -> None:
    with pytest.raises(LabError, match="No such container"):
        lab.exec("lab-nobody", "id")


def test_nothing_of_it_is_left() -> None:
    with Lab.open() as lab:
        folder = lab.folder
        lab.run("lab-left")
    assert lab.daemon.returncode is not None
    assert not folder.exists()
