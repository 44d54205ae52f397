"""The dialogs, each with something to decide, and what is said when it is decided."""

from __future__ import annotations

from engine.events import Phase
from engine.protocol import ProposalRow, Tried, TriedRow
from tests.helpers.incident import incident
from tests.helpers.responses import container, respondable, tree
from tests.helpers.sensor import World
from tests.tui.pictures.conftest import Opened
from tui.dialogs.trial import TrialScreen

FIELDS = ["container.image.repository", "proc.name", "fd.name"]
VALUES = ["shop/web", "x", "/tmp/x"]
YAML = """\
- rule: Drop and execute new binary in container
  exceptions:
    - name: tiercel_1
      fields: [container.image.repository, proc.name, fd.name]
      values: [[shop/web, x, /tmp/x]]
  override: {exceptions: append}""".splitlines()


def excepting() -> World:
    world = incident()
    rows = [
        ProposalRow(FIELDS, VALUES, YAML, 43, 41, 0, ["cat /etc/shadow", "vi /etc/shadow"]),
        ProposalRow(FIELDS[:2], VALUES[:2], YAML[:1], 43, 42, 1),
    ]
    world.proposals = {alert.id: rows for alert in world.alerts}
    return world


async def test_state(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("s")
        await scene.take("begun")
        await scene.press("i")
        await scene.take("given")
        await scene.press("s", "tab")
        await scene.drive.paste("see 4711")
        await scene.take("note")


async def test_exception(opened: Opened) -> None:
    async with opened(excepting()) as scene:
        await scene.press("x")
        await scene.take("first")
        await scene.press("down")
        await scene.take("second")
        await scene.press("enter")
        await scene.take("written")
        await scene.press("U")
        await scene.take("taken-back")
        scene.drive.sensor.world.rule_problem = "local_rules.yaml:7:3: there is no field proc.nmae"
        await scene.press("x", "enter")
        await scene.take("refused")


async def test_exception_in_a_replay(opened: Opened) -> None:
    world = excepting()
    world.health.phase = Phase.ENDED
    async with opened(world) as scene:
        await scene.press("x")
        await scene.take("offered")
        scene.drive.sensor.world.proposals.clear()
        await scene.press("escape", "x")
        await scene.take("none")


async def test_export(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("w")
        await scene.take("forms")
        await scene.press("c")
        await scene.drive.until_shown("6 rows in")
        await scene.take("written")
        await scene.press("b")
        await scene.drive.until_shown("tar.zst")
        await scene.take("bundle")


async def test_saved_filters(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("F")
        await scene.take("none")
        await scene.press("escape", "slash")
        await scene.drive.paste("fd.name startswith /etc")
        await scene.press("ctrl+s")
        await scene.take("naming")
        await scene.drive.paste("hashes")
        await scene.press("enter", "F")
        await scene.take("one")


async def test_several_rules(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.press("5", "O")
        await scene.take("offered")
        await scene.press("enter")
        await scene.take("done")


async def test_trial_of_an_edited_rule(opened: Opened) -> None:
    name = "Sensitive file read"
    row = TriedRow(name, before=12, after=3, alerts=40, still=31, unknown=2)
    fresh, gone = (
        ["Sensitive file read: vi touched /etc/gshadow"],
        ["Sensitive file read: cron touched /etc/shadow"] * 3,
    )
    tried = Tried(warnings=["edited.yaml:9:3: warning: proc.name alone is easily avoided"], summary=f"changes {name}")
    tried.rows, tried.events, tried.fresh, tried.gone = [row], 81_234, fresh, gone
    wrong = Tried(problems=["edited.yaml:4:7: error: there is no field 'proc.nmae'", "  did you mean proc.name?"])
    async with opened(incident()) as scene:
        for title, found, writable in (
            ("done", tried, True),
            ("wrong", wrong, True),
            ("nothing", Tried(), True),
            ("in-a-replay", tried, False),
        ):
            scene.drive.app.push_screen(TrialScreen(name, "- rule: …\n", found, writable=writable))
            await scene.take(title)
            await scene.press("escape")


async def test_menu(opened: Opened) -> None:
    async with opened(incident()) as scene:
        await scene.drive.pilot.click("#stacks", offset=(10, 3), button=3)
        await scene.take("of-an-alert")
        await scene.press("escape", "5")
        await scene.drive.pilot.click("#rules", offset=(10, 3), button=3)
        await scene.take("of-a-rule")


async def test_respond(opened: Opened) -> None:
    async with opened(respondable()) as scene:
        await scene.press("f9")
        await scene.take("begins-with-no")
        await scene.press("4", "down", "down")
        await scene.take("can-be-taken-back")
        while "docker kill web" not in scene.drive.text():
            await scene.press("down")
        await scene.take("cannot-be-taken-back")
        await scene.press("enter")
        await scene.take("the-name")
        await scene.drive.paste("wbe")
        await scene.press("enter")
        await scene.take("another-name")
        await scene.press("escape", "f9", "2", "3", "1", "down", "down", "enter")
        await scene.drive.paste("web")
        await scene.press("enter")
        await scene.take("done")


async def test_respond_where_somebody_is_left_alone_or_nobody_may(opened: Opened) -> None:
    left = container("tiercel")
    left.refusal, left.rows = "this is the container that Tiercel runs in", []
    async with opened(respondable(left, tree())) as scene:
        await scene.press("f9")
        await scene.take("left-alone")
        await scene.press("escape")
        scene.drive.sensor.world.targets = []
        await scene.press("f9")
        await scene.take("only-watches")
