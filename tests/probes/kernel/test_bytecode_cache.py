"""The file in which byte code is kept, on real folders: only what nobody else can have written counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probes.kernel.bytecode_cache import FILE, OutdatedError, RefusedError, cache_folder, read, write
from tests.probes.kernel.test_bytecode import SAMPLE

KEY, OTHER = bytes(32), bytes([1]) * 32
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away: sudo scripts/test")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With byte code in it."""
    write(tmp_path / "cache", KEY, SAMPLE)
    return tmp_path / "cache"


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_what_was_written_is_read(folder: Path) -> None:
    assert read(folder, KEY) == SAMPLE
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / FILE).stat().st_mode & 0o777 == 0o600
    assert names(folder) == [FILE]


def test_where_nothing_is_kept_nothing_is_wrong(tmp_path: Path, folder: Path) -> None:
    assert read(tmp_path / "none", KEY) is None
    (folder / FILE).unlink()
    assert read(folder, KEY) is None


def test_another_key_is_no_fault(folder: Path) -> None:
    with pytest.raises(OutdatedError):
        read(folder, OTHER)
    write(folder, OTHER, SAMPLE)
    assert read(folder, OTHER) == SAMPLE


def cut(folder: Path) -> None:
    os.truncate(folder / FILE, 200)


def empty(folder: Path) -> None:
    os.truncate(folder / FILE, 0)


def another_byte(folder: Path) -> None:
    data = bytearray((folder / FILE).read_bytes())
    data[-40] ^= 1
    (folder / FILE).write_bytes(data)


def more(folder: Path) -> None:
    with (folder / FILE).open("ab") as file:
        file.write(b"x")


def huge(folder: Path) -> None:
    os.truncate(folder / FILE, 1 << 30)


def writable_file(folder: Path) -> None:
    (folder / FILE).chmod(0o620)


def writable_folder(folder: Path) -> None:
    folder.chmod(0o702)


def given_away(folder: Path) -> None:
    os.chown(folder / FILE, 65534, -1)


def folder_given_away(folder: Path) -> None:
    os.chown(folder, 65534, -1)


def linked_file(folder: Path) -> None:
    (folder / FILE).rename(folder / "elsewhere")
    (folder / FILE).symlink_to(folder / "elsewhere")


def linked_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


def a_folder(folder: Path) -> None:
    (folder / FILE).unlink()
    (folder / FILE).mkdir()


def a_pipe(folder: Path) -> None:
    (folder / FILE).unlink()
    os.mkfifo(folder / FILE)


TAMPERING = [
    *(cut, empty, another_byte, more, huge, writable_file, linked_file, a_folder, a_pipe),
    pytest.param(given_away, marks=root_only),
]
FOLDERS = [writable_folder, linked_folder, pytest.param(folder_given_away, marks=root_only)]


@pytest.mark.parametrize("tamper", [*TAMPERING, *FOLDERS])
def test_what_may_be_somebody_elses_is_refused(folder: Path, tamper: Callable[[Path], None]) -> None:
    tamper(folder)
    held = len(names(Path("/proc/self/fd")))
    with pytest.raises(RefusedError):
        read(folder, KEY)
    assert len(names(Path("/proc/self/fd"))) == held


@pytest.mark.parametrize("tamper", TAMPERING)
def test_a_file_that_is_refused_is_made_anew(folder: Path, tamper: Callable[[Path], None]) -> None:
    tamper(folder)
    write(folder, KEY, SAMPLE)
    assert read(folder, KEY) == SAMPLE
    assert not (folder / FILE).is_symlink()


@pytest.mark.parametrize("tamper", [writable_folder, pytest.param(folder_given_away, marks=root_only)])
def test_nothing_is_kept_in_a_folder_of_others(folder: Path, tamper: Callable[[Path], None]) -> None:
    tamper(folder)
    before = (folder / FILE).stat().st_mtime_ns
    with pytest.raises(RefusedError):
        write(folder, KEY, SAMPLE)
    assert (folder / FILE).stat().st_mtime_ns == before


def test_a_link_in_place_of_the_folder_is_not_followed(folder: Path) -> None:
    linked_folder(folder)
    with pytest.raises(OSError, match="directory"):
        write(folder, OTHER, SAMPLE)


def test_what_a_killed_sensor_left_half_is_in_nobodys_way(folder: Path) -> None:
    (folder / f".{FILE}-{os.getpid()}").write_bytes(b"half")
    write(folder, KEY, SAMPLE)
    assert names(folder) == [FILE]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10_000), value=st.integers(1, 255))
def test_no_byte_can_be_changed(folder: Path, place: int, value: int) -> None:
    data = bytearray((folder / FILE).read_bytes())
    place %= len(data)
    data[place] ^= value
    tampered = folder.with_name("tampered")
    tampered.mkdir(mode=0o700, exist_ok=True)
    (tampered / FILE).write_bytes(data)
    (tampered / FILE).chmod(0o600)
    with pytest.raises(RefusedError):
        read(tampered, KEY)


def test_the_folder_is_systemds_or_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACHE_DIRECTORY", "/var/cache/a:/var/cache/b")
    assert cache_folder() == Path("/var/cache/a")
    monkeypatch.delenv("CACHE_DIRECTORY")
    expected = Path("/var/cache/tiercel") if os.geteuid() == 0 else Path.home() / ".cache/tiercel"
    assert cache_folder() == expected
