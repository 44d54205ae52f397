"""A real sensor behind a front end, on a recording: its rule files change while it runs, and after its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.config import Selection
from engine.errors import TiercelError
from engine.protocol import GetHealth, ListRules, Pulse, Reload, ReloadRules, SetRule
from engine.service.client import Client
from probes.options import DEMO, Options, Origin
from probes.private_sensor import private_sensor
from probes.ruling.configuration import NONE, settled
from tests.helpers.patience import PATIENCE

RULES = """
- rule: Shell
  desc: A shell was started.
  condition: evt.type = execve and proc.name = sh
  output: Shell (%proc.cmdline)
  priority: Notice
"""
OTHER = RULES.replace("Shell", "Other shell").replace("= sh", "= bash")
BROKEN = RULES.replace("proc.name", "proc.nmae")


class FrontEnd:
    """A client that keeps what it is told of reloads."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.reloads: asyncio.Queue[Reload] = asyncio.Queue()
        client.on_pulse = self._note

    def _note(self, pulse: Pulse) -> None:
        if pulse.reload is not None:
            self.reloads.put_nowait(pulse.reload)

    async def reload(self) -> Reload:
        async with asyncio.timeout(PATIENCE):
            return await self.reloads.get()

    async def rules(self) -> dict[str, bool]:
        return {row.name: row.enabled for row in (await self.client.ask(ListRules())).rows}


@asynccontextmanager
async def attached(options: Options) -> AsyncIterator[FrontEnd]:
    with private_sensor(options) as (connected, _log):
        client = await Client.over(connected)
        yield FrontEnd(client)
        await client.close()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yaml").write_text(RULES)
    return rules


@pytest.mark.parametrize("speed", [0.0, 1e-6], ids=["ended", "running"])
async def test_a_front_end_is_told_of_what_is_saved(folder: Path, speed: float) -> None:
    async with attached(Options(rules=(str(folder),), replay=str(DEMO), speed=speed)) as front:
        await front.client.ask(SetRule(name="Shell", enabled=False))
        (folder / "b.yaml").write_text(OTHER)
        assert (await front.reload()).added == ["Other shell"]
        assert await front.rules() == {"Shell": False, "Other shell": True}
        (folder / "b.yaml").rename(folder / "b.yaml.off")
        assert (await front.reload()).removed == ["Other shell"]


async def test_what_is_broken_is_told_and_stays_in_health_until_it_is_mended(folder: Path) -> None:
    async with attached(Options(rules=(str(folder),), replay=str(DEMO))) as front:
        (folder / "a.yaml").write_text(BROKEN)
        problems = (await front.reload()).problems
        assert any("a.yaml:4:" in line for line in problems)
        assert await front.rules() == {"Shell": True}
        with pytest.raises(TiercelError, match=r"proc\.nmae"):
            await front.client.ask(ReloadRules())
        assert (await front.reload()).problems == problems
        assert (await front.client.ask(GetHealth())).health.rule_problems == problems
        (folder / "a.yaml").write_text(RULES.replace("Notice", "Warning"))
        assert (await front.reload()).changed == ["Shell"]
        assert (await front.client.ask(GetHealth())).health.rule_problems == []


async def test_a_reload_by_key_says_what_is_new(folder: Path) -> None:
    async with attached(Options(rules=(str(folder / "a.yaml"),), replay=str(DEMO))) as front:
        done = await front.client.ask(ReloadRules())
        assert done.detail == "1 rule loaded; nothing has changed"
        assert (await front.reload()).rules == 1


# ── the configuration ───────────────────────────────────────────────────────────────────────────────────────────────


def configured(path: Path, *more: Selection) -> Options:
    origin = Origin(falco=NONE, own=str(path), rules=more)
    found = settled(origin)
    return Options(config=found.config, origin=replace(origin, files=found.files), replay=str(DEMO))


async def test_a_changed_configuration_is_applied(folder: Path, tmp_path: Path) -> None:
    (folder / "b.yaml").write_text(OTHER)
    path = tmp_path / "tiercel.yaml"
    path.write_text(f"rules_files: [{folder}]\n")
    async with attached(configured(path)) as front:
        assert await front.rules() == {"Shell": True, "Other shell": True}
        path.write_text(f"rules_files: [{folder}]\nrules: [disable: {{rule: Other*}}]\n")
        assert (await front.reload()).changed == ["Other shell"]
        assert await front.rules() == {"Shell": True, "Other shell": False}
        path.write_text(f"rules_files: [{folder / 'a.yaml'}]\npriority: warning\n")
        assert (await front.reload()).removed == ["Other shell"]
        assert await front.rules() == {"Shell": False}


async def test_a_broken_configuration_leaves_the_rules_as_they_are(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiercel.yaml"
    path.write_text(f"rules_files: [{folder}]\n")
    async with attached(configured(path)) as front:
        path.write_text(f"rules_files: [{folder}]\npriority: wrning\n")
        problems = (await front.reload()).problems
        assert any("tiercel.yaml:2:" in line for line in problems), problems
        assert await front.rules() == {"Shell": True}


async def test_what_the_command_line_says_holds_above_a_changed_configuration(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiercel.yaml"
    path.write_text(f"rules_files: [{folder}]\n")
    async with attached(configured(path, Selection(enable=False, rule="Shell"))) as front:
        path.write_text(f"rules_files: [{folder}]\nrules: [enable: {{rule: Shell}}]\n")
        await front.reload()
        assert await front.rules() == {"Shell": False}


async def test_what_needs_a_restart_is_said(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiercel.yaml"
    path.write_text(f"rules_files: [{folder}]\n")
    async with attached(configured(path)) as front:
        path.write_text(f"rules_files: [{folder}]\njson_output: true\nrule_matching: first\n")
        await front.reload()
        told = [problem.what for problem in (await front.client.ask(GetHealth())).health.problems]
        assert "changed in the configuration: rule_matching, json_output" in told
