"""Byte code that was kept: the same records, a start without the compiler, and nobody else's programs."""

from __future__ import annotations

import gc
import os
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from engine.events import KernelEvent
from probes.kernel.bytecode import Bytecode
from probes.kernel.bytecode_cache import FILE, read, write
from probes.kernel.compiling import Compiler, key_of
from probes.kernel.loader import RING_PAGES, Loaded, load
from probes.kernel.programs import AUTO, PERF, RING
from tests.helpers.kernel import watching
from tests.helpers.program import Marker, child, running, until

pytestmark = [pytest.mark.live, pytest.mark.beside]

DEEDS = """
import os, socket
mark()
open("/etc/hostname").read()
try:
    open("/nowhere/at/all")
except OSError:
    pass
os.rename(folder + "/a", folder + "/b")
near, far = socket.socketpair()
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(folder + "/s")
s.connect(folder + "/s")
os.unlink(folder + "/s")
"""
NO_COMPILER = "raise RuntimeError('the compiler was started')\n"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is empty yet."""
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def compiled() -> Bytecode:
    return Compiler().compile(AUTO, RING_PAGES)


@pytest.fixture
def kept(cache: Path, compiled: Bytecode) -> Path:
    """A folder with the byte code for this kernel."""
    write(cache, key_of(AUTO, RING_PAGES), compiled)
    return cache


def told(event: KernelEvent) -> tuple[object, ...]:
    """What does not depend on the run."""
    path = event.fd.path if event.fd is not None else ""
    args = {name: value for name, value in event.args.items() if name not in ("res", "fd", "pid", "tid")}
    return event.type, path, str(args), event.container_id


async def deeds(folder: Path, transport: str) -> tuple[list[tuple[object, ...]], str]:
    """The events of one program, and how the probes came."""
    (folder / "a").write_text("")
    async with watching(transport=transport) as watched:
        loaded = watched.source._loaded
        assert loaded is not None
        events = await watched.python(f"folder = {str(folder)!r}\n{DEEDS}")
    return [told(event) for event in events], loaded.how


@pytest.mark.alone  # every event counts
@pytest.mark.parametrize("transport", [RING, PERF])
async def test_kept_and_compiled_probes_tell_the_same(cache: Path, tmp_path: Path, transport: str) -> None:
    compiled, how = await deeds(tmp_path, transport)
    assert how.startswith("compiled")
    (cache / FILE).stat()
    again, how = await deeds(tmp_path, transport)
    assert "kept" in how
    assert again == compiled
    assert {kind for kind, *_ in compiled} >= {"openat", "rename", "bind", "connect", "unlink", "procexit"}


async def test_what_is_kept_is_what_was_compiled(cache: Path) -> None:
    (await load()).close()
    assert read(cache, key_of(AUTO, RING_PAGES)) == Compiler().compile(AUTO, RING_PAGES)


async def test_with_what_is_kept_there_is_no_compiler(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bcc.py").write_text(NO_COMPILER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    loaded = await load()
    loaded.close()
    assert "kept" in loaded.how
    assert "bcc" not in sys.modules


async def test_for_another_kernel_it_is_compiled_anew(cache: Path, compiled: Bytecode) -> None:
    write(cache, bytes(32), compiled)
    loaded = await load()
    loaded.close()
    assert "was for another kernel" in loaded.how
    assert loaded.problems == []
    assert read(cache, key_of(AUTO, RING_PAGES)) == compiled


def damage(folder: Path) -> None:
    data = bytearray((folder / FILE).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / FILE).write_bytes(data)


def give_away(folder: Path) -> None:
    os.chown(folder / FILE, 65534, -1)


def link(folder: Path) -> None:
    (folder / FILE).rename(folder.parent / "elsewhere")
    (folder / FILE).symlink_to(folder.parent / "elsewhere")


@pytest.mark.parametrize("tamper", [damage, give_away, link])
async def test_a_file_that_was_tampered_with_is_refused_and_made_anew(
    kept: Path, tamper: Callable[[Path], None]
) -> None:
    tamper(kept)
    loaded = await load()
    loaded.close()
    assert loaded.how.startswith("compiled")
    assert [what for what, _ in loaded.problems if "is refused" in what] == [what for what, _ in loaded.problems]
    assert len(loaded.problems) == 1
    assert not (kept / FILE).is_symlink()
    assert read(kept, key_of(AUTO, RING_PAGES))


async def test_programs_that_the_kernel_refuses_are_compiled_anew(cache: Path, compiled: Bytecode) -> None:
    """Whoever can write root's files could put them there; a kernel that changed under its name could, too."""
    endless = struct.pack("<BBhi", 0x05, 0, -1, 0)
    first, *others = compiled.programs
    broken = msgspec.structs.replace(first, code=endless, uses=())
    write(cache, key_of(AUTO, RING_PAGES), msgspec.structs.replace(compiled, programs=(broken, *others)))
    before = held()
    loaded: Loaded = await load()
    loaded.close()
    assert loaded.how.startswith("compiled")
    assert ["kernel refused" in what for what, _ in loaded.problems] == [True]
    assert read(cache, key_of(AUTO, RING_PAGES)) == compiled
    assert held() == before


def held() -> int:
    """Descriptors of this process, without what other tests have left to be collected."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    loaded = await load(cache=tmp_path / "file" / "cache")
    loaded.close()
    assert loaded.how.startswith("compiled")
    assert "is not kept" in loaded.problems[-1][0]


async def test_a_refusal_is_said_once_and_the_sensor_watches(kept: Path, tmp_path: Path) -> None:
    marker = Marker(tmp_path)
    damage(kept)
    given = ["--docker", "none", "-r", str(marker.rules), "--store", str(tmp_path / "alerts.db")]
    async with running("watch", "--json", *given, CACHE_DIRECTORY=str(kept)) as watch:
        await watch.said("live: compiled")
        marker("seen")
        await watch.alert("seen")
        await until(lambda: not child(watch.pid, "loader_child"), "the compiler is gone")
        ended = await watch.ended(signal.SIGTERM)
    assert ended.talk.count("is refused") == 1
    assert f"{kept / FILE} is damaged (it was compiled anew)" in ended.talk
