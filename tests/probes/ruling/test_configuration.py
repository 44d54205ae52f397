"""Where configurations are looked for, and which of them wins."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from engine.alerts import Priority
from engine.config import ConfigError
from engine.errors import UsageError
from probes.options import Options, rule_paths
from probes.ruling import configuration as places
from probes.ruling.configuration import NONE, configuration


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose /etc is a folder of the test."""
    monkeypatch.setattr(places, "FALCO", tmp_path / "etc" / "falco.yaml")
    monkeypatch.setattr(places, "SYSTEM", tmp_path / "etc" / "tiercel.yaml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "etc").mkdir()
    (tmp_path / "config" / "tiercel").mkdir(parents=True)


def test_nothing_is_there_and_nothing_is_said() -> None:
    found = configuration(environ={})
    assert (found.files, found.notes, found.config.outputs) == ((), (), ())


def test_falcos_file_holds_without_its_outputs_unless_it_is_named() -> None:
    places.FALCO.write_text(
        "priority: error\nsyslog_output: {enabled: true}\njson_output: true\nengine: {kind: kmod}\n"
    )
    found = configuration(environ={})
    assert (found.config.priority, found.config.json_output, found.config.outputs) == (Priority.ERROR, True, ())
    assert found.files == (str(places.FALCO),)
    assert found.notes == ("without effect here: engine",)
    assert configuration(str(places.FALCO), environ={}).config.outputs == ("syslog",)
    assert configuration(NONE, environ={}).files == ()


def test_the_users_file_comes_before_the_systems(tmp_path: Path) -> None:
    places.SYSTEM.write_text("priority: error")
    assert configuration(environ={}).config.priority is Priority.ERROR
    (tmp_path / "config" / "tiercel" / "tiercel.yaml").write_text("priority: info")
    assert configuration(environ={}).config.priority is Priority.INFORMATIONAL
    assert configuration(own=NONE, environ={}).config.priority is Priority.DEBUG
    assert configuration(own=str(places.SYSTEM), environ={}).config.priority is Priority.ERROR


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be asked for by sudo")
def test_under_sudo_it_is_the_file_of_who_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = pwd.struct_passwd(("ann", "x", 4711, 4711, "", str(tmp_path / "ann"), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: user)
    own = tmp_path / "ann" / ".config" / "tiercel" / "tiercel.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("priority: critical")
    assert configuration(environ={"SUDO_UID": "4711"}).files == (str(own),)


def test_what_is_set_from_outside_wins_and_is_relative_to_where_we_are() -> None:
    places.SYSTEM.write_text("rules_files: [system.d]\npriority: error")
    assert configuration(environ={}).config.rules_files == (str(places.SYSTEM.parent / "system.d"),)
    said = configuration(environ={"TIERCEL_RULES_FILES": "[a.yaml, /b/c.yaml]", "TIERCEL_PRIORITY": "info"})
    assert said.config.rules_files == ("a.yaml", "/b/c.yaml")
    assert said.config.priority is Priority.INFORMATIONAL
    both = configuration(assignments=["rules_files=/d/e.yaml"], environ={"TIERCEL_RULES_FILES": "a.yaml"})
    assert both.config.rules_files == ("/d/e.yaml",)


@pytest.mark.parametrize(
    ("assignments", "environ", "says"),
    [
        (["json_output=perhaps"], {}, "-o json_output: 'perhaps' is neither true nor false"),
        (["prioritty=info"], {}, "-o prioritty: unknown key 'prioritty'"),
        (["nonsense"], {}, "-o nonsense: 'nonsense' is no KEY=VALUE"),
        ([], {"TIERCEL_PRIORITY": "high"}, "TIERCEL_PRIORITY: 'high' is no priority"),
        ([], {"TIERCEL_RULES": "[{disable: A}]"}, "TIERCEL_RULES:1:12: a mapping is needed here"),
    ],
)
def test_what_is_wrong_names_who_set_it(assignments: list[str], environ: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configuration(assignments=assignments, environ=environ)
    assert says in str(caught.value.faults[0])


def test_a_file_that_includes_itself_is_refused() -> None:
    places.SYSTEM.write_text(f"config_files: [{places.SYSTEM}]")
    with pytest.raises(ConfigError) as caught:
        configuration(environ={})
    assert "1:16: the file includes itself" in str(caught.value.faults[0])


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        configuration(str(tmp_path), environ={})


def test_rule_files_that_do_not_exist_are_passed_over_but_not_all_of_them(tmp_path: Path) -> None:
    there = tmp_path / "there.yaml"
    there.write_text("")
    places.SYSTEM.write_text(f"rules_files: [/nowhere, {there}]")
    assert rule_paths(Options(config=configuration(environ={}).config)) == [there]
    there.unlink()
    with pytest.raises(UsageError, match="none of the rules_files exists"):
        rule_paths(Options(config=configuration(environ={}).config))
