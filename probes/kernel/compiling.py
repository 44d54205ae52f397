"""Runs the compiler in a process of its own, which can be ended at any time."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from engine.errors import SourceError
from engine.invocation import VARIABLE, command
from probes.kernel.bcc_version import bcc_version
from probes.kernel.btf import VMLINUX
from probes.kernel.bytecode import FAILED, Bytecode, decode
from probes.kernel.programs import AUTO, PERF, RING, source

_ROOT = Path(__file__).resolve().parents[2]
_MAKERS = (
    *("bpf_trial.py", "btf.py", "headers.py", "loader_child.py", "bytecode.py", "programs.py", "symbols.py"),
    "forked.py",
)
"""Modules that decide what becomes of the C text."""


def key_of(transport: str, ring_pages: int, clock: str = AUTO) -> bytes:
    """All that the byte code depends on, as one SHA-256. Raises SourceError where the kernel tells no types."""
    here = os.uname()
    texts = [here.release, here.version, platform.machine(), bcc_version()]
    texts.append(f"{transport} {ring_pages} {clock}")
    parts = [text.encode() for text in texts]
    parts += [source(kind, ring_pages).encode() for kind in (RING, PERF)]
    parts += [Path(__file__).with_name(name).read_bytes() for name in _MAKERS]
    try:
        parts.append(VMLINUX.read_bytes())
    except OSError as error:
        raise SourceError(f"the kernel offers no type information (BTF): {error}") from error
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


class Compiler:
    """Compiles once. Another thread may end it meanwhile."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False

    def compile(self, transport: str, ring_pages: int, clock: str = AUTO) -> Bytecode:
        """The byte code. Raises :class:`SourceError` when the compiler fails or is killed."""
        options = json.dumps({"transport": transport, "ring_pages": ring_pages, "clock": clock})
        with tempfile.TemporaryDirectory(prefix="tiercel-") as folder:
            with self._lock:
                if self._ended:
                    raise SourceError("the loader was ended")
                self._child = self._start([folder, options])
            answer, complaint = self._child.communicate()
        if self._child.returncode == 0:
            return decode(answer)
        raise _failure(answer, complaint.decode(errors="replace"), self._child.returncode)

    def end(self) -> None:
        """Now, in whatever it is; it may not have begun."""
        with self._lock:
            self._ended = True
            if self._child is not None and self._child.poll() is None:
                self._child.kill()

    def _start(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        return subprocess.Popen(
            # -P: root takes no module from the folder it happens to be started in
            [sys.executable, "-P", "-m", "probes.kernel.loader_child", *arguments],
            env={**os.environ, VARIABLE: command(), "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is meant for us, and we end it
        )


def _failure(answer: bytes, complaint: str, status: int) -> SourceError:
    """What to say when there is no byte code: the child's own words, its last line on stderr, or its status."""
    if status == FAILED:
        error = json.loads(answer)
        return SourceError(error["error"], hint=error["hint"])
    if status < 0:
        return SourceError(
            f"the loader was killed by signal {-status}", hint="is memory short? see dmesg; then try again"
        )
    lines = complaint.strip().splitlines() or [f"exit status {status}"]
    return SourceError(f"the loader failed: {lines[-1]}", hint=f"{command('doctor')} says what is missing")
