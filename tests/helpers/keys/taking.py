"""Keys that mark rows, and those that take rows out of the screen."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.helpers.driving import Drive
from tests.helpers.keys.checks import alerts_shown, does, listing


@does("list", "mark")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press(key, "down", key)
    await drive.until_shown("* 2 marked", "*●  C", "*●  W")
    assert set(listing(drive).marked) == {6, 4}
    assert listing(drive).cursor == 3
    await drive.press("up", key)
    await drive.until_shown("* 1 marked")
    await drive.press("a")
    await drive.until(lambda: drive.sensor.acknowledged == {6})


@does("list", "mark_all")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    await drive.press("slash", *"shadow", "enter")
    await drive.until_gone("/bin/18211")
    await drive.press(key)
    await drive.until_shown("* 2 marked")
    await drive.press("escape")
    await drive.until_shown("/bin/18211", "* 2 marked")
    await drive.press("a")
    await drive.until_shown("✓ 2 stacks: acknowledged")
    assert drive.sensor.acknowledged == {3, 4}
    await drive.press(key)
    await drive.until_gone("marked")


async def written(drive: Drive, key: str, form: str, suffix: str) -> str:
    """The file that the list is written to, as the screen names it."""
    await drive.press(key)
    await drive.until_shown("Write to a file", "~/tiercel-incidents", "JSON lines", "CSV", "Markdown")
    await drive.press(form)
    await drive.until_shown(f"-alerts.{suffix}", " in ~/tiercel-incidents/")
    (path,) = Path.home().glob(f"tiercel-incidents/*.{suffix}")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path.name in drive.text()
    return path.read_text(encoding="utf-8")


@does("list", "export")
async def _(drive: Drive, key: str) -> None:
    await alerts_shown(drive)
    rows = [json.loads(line) for line in (await written(drive, key, "j", "jsonl")).splitlines()]
    assert [row["stack"] for row in rows] == [6, 5, 4, 3, 2, 1]
    assert [row["priority"] for row in rows] == ["Critical", "Error", "Warning", "Warning", "Notice", "Warning"]
    table = list(csv.reader((await written(drive, key, "c", "csv")).splitlines()))
    assert table[0][:7] == ["State", "Priority", "Last", "Count", "First", "Rule", "Container"]
    assert table[0][7:] == ["Process", "What", "Note", "By"]
    assert (table[-1][3], table[-1][5:7]) == ("2", ["Redirect stdin/stdout to network", "web"])
    assert table[-1][7:9] == ["nc -ll -p 4444 -e sh", "10.0.3.9:51402  pts/0 by docker exec"]
    await drive.press("m")
    text = await written(drive, key, "m", "md")
    assert text.count("\n") == 5
    assert "`Drop and execute new binary in container`" in text
