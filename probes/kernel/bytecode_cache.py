"""Byte code is kept for the next start: compiling takes longer than all the rest.

Whoever can write the file decides which programs root loads. So it counts only if nobody but root, or whoever we run
as, can have written it: the folder and the file are ours, neither is writable for others, and no link leads to them;
both are opened first and looked at then, so that nobody swaps them in between. Whoever can write root's files has won
already: a signature, whose key would lie beside, would add nothing. The checksum is against disks and crashes, and the
kernel's verifier judges the programs again at each start, wherever they come from.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from platformdirs import site_cache_path, user_cache_path

from probes.kernel.bytecode import Bytecode, decode, encode

FILE = "probes.bytecode"
_HEAD = b"tiercel byte code 1\n"
_HASH = hashlib.sha256
_SUM = _HASH().digest_size
_LARGEST = 8 << 20
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class RefusedError(Exception):
    """What is kept must not be used; the message says why."""


class OutdatedError(Exception):
    """What is kept is of another kernel, compiler or version: nothing is wrong with it."""


def cache_folder() -> Path:
    """Where it is kept: the folder that systemd gives a service, root's, or the user's."""
    if given := os.environ.get("CACHE_DIRECTORY"):
        return Path(given.split(":")[0])
    return site_cache_path("tiercel") if os.geteuid() == 0 else user_cache_path("tiercel")


def read(folder: Path, key: bytes) -> Bytecode | None:
    """What is kept for this key (a SHA-256); None where nothing is.

    Raises :class:`OutdatedError` for another key's, :class:`RefusedError` for what may be a stranger's or is damaged.
    """
    try:
        with _opened(folder) as place:
            data = _bytes(place)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RefusedError(f"{folder / FILE}: {error.strerror}") from None
    head, kept, total, payload = _parts(data)
    if head != _HEAD or total != _HASH(kept + payload).digest():
        raise RefusedError(f"{folder / FILE} is damaged")
    if kept != key:
        raise OutdatedError
    try:
        return decode(payload)
    except ValueError as error:
        raise RefusedError(f"{folder / FILE} is damaged: {error}") from None


def write(folder: Path, key: bytes, bytecode: Bytecode) -> None:
    """Keep it: beside, then in place, at once. Raises OSError, and RefusedError for a folder that is not ours alone."""
    payload = encode(bytecode)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(folder) as place:
        beside = f".{FILE}-{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=place)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=place)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
                file.write(_HEAD + key + _HASH(key + payload).digest() + payload)
            _remove_folder(place)
            os.replace(beside, FILE, src_dir_fd=place, dst_dir_fd=place)
        except BaseException:
            os.unlink(beside, dir_fd=place)
            raise


def _remove_folder(place: int) -> None:
    with contextlib.suppress(OSError):
        os.rmdir(FILE, dir_fd=place)


def _parts(data: bytes) -> Iterator[bytes]:
    for size in (len(_HEAD), _SUM, _SUM):
        yield data[:size]
        data = data[size:]
    yield data


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """The folder's descriptor, once it is known that it is ours alone."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        _require_ours(descriptor, folder)
        yield descriptor
    finally:
        os.close(descriptor)


def _bytes(place: int) -> bytes:
    descriptor = os.open(FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    try:
        status = _require_ours(descriptor, Path(FILE))
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            raise RefusedError(f"{FILE} is no file of ours")
        with open(descriptor, "rb", closefd=False) as file:
            return file.read(_LARGEST)
    finally:
        os.close(descriptor)


def _require_ours(descriptor: int, path: Path) -> os.stat_result:
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid():
        raise RefusedError(f"{path} belongs to user {status.st_uid}")
    if status.st_mode & _OTHERS_MAY_WRITE:
        raise RefusedError(f"{path} can be written by others")
    return status
