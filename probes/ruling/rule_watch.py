"""Rule files as they change on disk: rewritten, replaced by rename, added to a folder, deleted, linked elsewhere.

What is watched are folders, never the files themselves: most editors write a new file and rename it over the old one,
and a Kubernetes ConfigMap is a link to a folder (``..data``) that is exchanged as a whole. Whatever happens there, the
files are looked at and compared with the last look; so what happens beside them wakes us and tells nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from pathlib import Path

from watchfiles import awatch

from engine.rules.load import rule_files

Paths = Callable[[], Sequence[Path]]
"""The files and folders to watch, asked for at each look: a configuration may come to name others."""

QUIET = 100
"""Milliseconds without another change after which the files are looked at: an editor writes in several steps."""
LONGEST = 1_000
"""Milliseconds after which they are looked at although there is no end of changes."""
LOOK_AGAIN = 2_000
"""Milliseconds after which they are looked at although nothing was told: a network file system tells nothing."""
_MOST_LINKS = 40
"""Symbolic links on the way to a file, as the kernel has it."""

_Look = dict[str, tuple[int, ...] | None]
"""By path what tells one content from another; None for what is not there."""


class RuleWatch:
    """Tells when rule files are no longer what they were when they were last :meth:`noted <note>`."""

    def __init__(self, paths: Paths, *, look_again: int = LOOK_AGAIN) -> None:
        self._paths = paths
        self._look_again = look_again
        self._noted: _Look = {}

    def note(self) -> None:
        """The files are read as they are now: call it before they are, so that no change falls between."""
        self._noted = _files(self._paths)

    async def changes(self) -> AsyncGenerator[None, None]:
        """Yields whenever the files are other ones than noted; never ends by itself."""
        while True:
            folders = await asyncio.to_thread(_folders, self._paths)
            async with contextlib.aclosing(_wake_ups(list(folders), self._look_again)) as wake_ups:
                async for _ in wake_ups:
                    # Asked first: what is made anew after a change was told may have the number of what was there.
                    elsewhere = await asyncio.to_thread(_folders, self._paths) != folders
                    if await asyncio.to_thread(self._look):
                        yield
                    if elsewhere:
                        break  # a link leads elsewhere, a folder is gone or was made anew: watch those

    def _look(self) -> bool:
        """Whether the files have changed. Each change is told once, even if nobody reads them."""
        now = _files(self._paths)
        changed, self._noted = now != self._noted, now
        return changed


async def _wake_ups(folders: Sequence[str], look_again: int) -> AsyncGenerator[None, None]:
    """Yields once it listens, then when something happens in the folders, and now and then.

    Ends when they cannot be watched (any more).
    """
    watching = awatch(
        *folders,
        watch_filter=None,
        recursive=False,
        debounce=LONGEST,
        step=QUIET,
        rust_timeout=look_again,
        yield_on_timeout=True,
    )
    async with contextlib.aclosing(watching):
        waking = asyncio.ensure_future(anext(watching))
        try:
            await asyncio.sleep(0)  # its first step: from here on the kernel tells, and what was before is looked at
            while True:
                yield
                await waking
                waking = asyncio.ensure_future(anext(watching))
        except (OSError, RuntimeError):  # gone meanwhile, or the system's watches are used up: theirs is a RuntimeError
            await asyncio.sleep(look_again / 1000)
        finally:
            waking.cancel()
            await asyncio.gather(waking, return_exceptions=True)


# ── a look ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _files(paths: Paths) -> _Look:
    found: _Look = {}
    for path in paths():
        with contextlib.suppress(OSError):
            found |= {str(file): _identity(file, content=True) for file in (path, *rule_files(path))}
    return found


def _folders(paths: Paths) -> _Look:
    """Every folder in which a rule file, or a link on the way to one, can be replaced."""
    found: _Look = {}
    for path in paths():
        with contextlib.suppress(OSError):  # what goes away while we look wakes us again
            for each in (path, *_inside(path)):
                found |= {str(folder): _identity(folder, content=False) for folder in _on_the_way(each)}
    return found


def _inside(path: Path) -> list[Path]:
    return [path / "any", *path.iterdir()] if path.is_dir() else []


def _identity(path: Path, *, content: bool) -> tuple[int, ...] | None:
    """What tells a file, or only its content, from another one."""
    try:
        known = path.stat()
    except OSError:
        return None
    if content and not path.is_dir():
        return (known.st_dev, known.st_ino, known.st_size, known.st_mtime_ns)
    return (known.st_dev, known.st_ino)


def _on_the_way(path: Path) -> Iterator[Path]:
    """The folders of the links that lead to a path, and the folder it lies in: the nearest one that is there."""
    current, pending = Path("/"), list(reversed(path.absolute().parts[1:]))
    links = 0
    while pending:
        step = current / pending.pop()
        if step.is_symlink() and links < _MOST_LINKS:
            links += 1
            yield current
            target = step.readlink()
            current = Path("/") if target.is_absolute() else current
            pending += reversed(target.parts[target.is_absolute() :])
        elif pending and step.is_dir():
            current = current.parent if step.name == ".." else step
        else:
            break
    yield current
