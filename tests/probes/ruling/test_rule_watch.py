"""Rule files change on a real file system, in every way that editors and operators have; inotify tells."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import pytest

from probes.ruling.rule_watch import RuleWatch
from tests.helpers.patience import PATIENCE

NEVER = 600_000
"""Milliseconds: what is found within the test's patience was told by the kernel."""


class Watched:
    """A watch that is known to listen."""

    def __init__(self, watch: RuleWatch) -> None:
        self.told = 0
        self._news = asyncio.Event()
        self._following = asyncio.create_task(self._follow(watch))

    async def until(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.told < count:
                self._news.clear()
                await self._news.wait()

    async def close(self) -> None:
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def listens(self, knock: Path) -> None:
        """Knock at a rule file until it is told, twice: the second change was made while the watch listened.

        The first one may have been found when the watch began, or be somebody else's.
        """
        async with asyncio.timeout(PATIENCE):
            for told in (self.told, self.told + 1):
                while self.told <= told:
                    await self._knock(knock)
        self.told = 0

    async def _knock(self, knock: Path) -> None:
        self._news.clear()
        knock.write_text(knock.read_text() + "#\n")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._news.wait()

    async def _follow(self, watch: RuleWatch) -> None:
        async with aclosing(watch.changes()) as changes:
            async for _ in changes:
                self.told += 1
                self._news.set()


@asynccontextmanager
async def watching(*paths: Path, knock: Path | None = None) -> AsyncIterator[Watched]:
    watch = RuleWatch(lambda: paths, look_again=NEVER)
    watch.note()
    watched = Watched(watch)
    try:
        await watched.listens(knock or paths[0])
        yield watched
    finally:
        await watched.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yaml").write_text("- list: a\n  items: []\n")
    (rules / "b.yaml").write_text("- list: b\n  items: []\n")
    return rules


def rewrite(path: Path) -> None:
    path.write_text("- list: other\n  items: [1]\n")


def replace(path: Path) -> None:
    """As vim, sed -i and most others save."""
    fresh = path.with_name(f".{path.name}.swp")
    fresh.write_text("- list: other\n  items: [1]\n")
    fresh.replace(path)


def back_up_and_replace(path: Path) -> None:
    """As editors that keep a copy: for a moment there is no file."""
    path.rename(path.with_name(f"{path.name}~"))
    rewrite(path)


WAYS: Sequence[Callable[[Path], None]] = (rewrite, replace, back_up_and_replace, Path.unlink)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_a_file_that_is_named_is_watched_whatever_way_it_changes(
    folder: Path, way: Callable[[Path], None]
) -> None:
    async with watching(folder / "a.yaml") as watched:
        way(folder / "a.yaml")
        await watched.until(1)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_so_is_a_file_in_a_folder(folder: Path, way: Callable[[Path], None]) -> None:
    async with watching(folder, knock=folder / "b.yaml") as watched:
        way(folder / "a.yaml")
        await watched.until(1)


async def test_a_new_file_in_a_folder_is_told(folder: Path) -> None:
    async with watching(folder, knock=folder / "b.yaml") as watched:
        rewrite(folder / "c.yml")
        await watched.until(1)


async def test_a_file_that_is_replaced_again_and_again_is_still_watched(folder: Path) -> None:
    async with watching(folder / "a.yaml") as watched:
        for count in range(1, 4):
            replace(folder / "a.yaml")
            await watched.until(count)


async def test_a_config_map_is_exchanged_as_a_whole(tmp_path: Path) -> None:
    """Kubernetes mounts rules.yaml → ..data/rules.yaml, ..data → a folder, and renames a new ..data over the old."""
    mount = tmp_path / "mount"
    for version in ("..1", "..2"):
        (mount / version).mkdir(parents=True)
        (mount / version / "rules.yaml").write_text(f"- list: v{version[2:]}\n  items: []\n")
    (mount / "..data").symlink_to("..1")
    (mount / "rules.yaml").symlink_to("..data/rules.yaml")
    for named in (mount, mount / "rules.yaml"):
        async with watching(named, knock=mount / "rules.yaml") as watched:
            fresh = mount / "..data_tmp"
            fresh.symlink_to("..2" if (mount / "..data").readlink() == Path("..1") else "..1")
            fresh.replace(mount / "..data")
            await watched.until(1)


async def test_a_link_to_a_file_elsewhere_is_followed(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "etc" / "rules.yaml"
    link.parent.mkdir()
    link.symlink_to(folder / "a.yaml")
    async with watching(link) as watched:
        rewrite(folder / "a.yaml")
        await watched.until(1)
        link.unlink()
        link.symlink_to(folder / "b.yaml")
        await watched.until(2)


async def test_a_folder_that_is_deleted_and_made_anew_is_watched_again(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("")
    async with watching(folder, other, knock=other) as watched:
        shutil.rmtree(folder)
        await watched.until(1)
        folder.mkdir()
        rewrite(folder / "a.yaml")
        await watched.listens(folder / "a.yaml")
        rewrite(folder / "c.yaml")
        await watched.until(1)


async def test_a_file_that_is_not_there_yet_is_awaited(folder: Path, tmp_path: Path) -> None:
    awaited = tmp_path / "later" / "rules.yaml"
    async with watching(folder, awaited, knock=folder / "a.yaml") as watched:
        awaited.parent.mkdir()
        rewrite(awaited)
        await watched.until(1)


async def test_what_happens_beside_the_rule_files_is_not_told(folder: Path) -> None:
    async with watching(folder, knock=folder / "b.yaml") as watched:
        for name in ("notes.txt", ".a.yaml.swp", "4913"):
            (folder / name).write_text("beside")
        rewrite(folder / "a.yaml")
        await watched.until(1)
        rewrite(folder / "b.yaml")
        await watched.until(2)
        assert watched.told == 2


async def test_what_changed_before_the_watch_began_is_told(folder: Path) -> None:
    watch = RuleWatch(lambda: [folder], look_again=1)
    watch.note()
    rewrite(folder / "a.yaml")
    async with aclosing(watch.changes()) as changes, asyncio.timeout(PATIENCE):
        await anext(changes)


async def test_a_change_that_was_read_already_is_not_told_and_any_other_once(folder: Path) -> None:
    watch = RuleWatch(lambda: [folder], look_again=1)
    watch.note()
    rewrite(folder / "a.yaml")
    watch.note()
    async with aclosing(watch.changes()) as changes:
        rewrite(folder / "c.yaml")
        async with asyncio.timeout(PATIENCE):
            await anext(changes)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):  # many looks
                    await anext(changes)
