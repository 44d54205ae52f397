"""The loader: compiles and attaches the BPF programs, hands their descriptors over, and exits.

It runs as a process of its own (``python -m probes.kernel.loader_child SOCKET FOLDER OPTIONS``), because bcc brings
100 MB of compiler along and changes the working directory. This is the only module that imports bcc.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.errors import SourceError
from engine.invocation import command
from probes.kernel.btf import Btf
from probes.kernel.headers import write_headers
from probes.kernel.programs import AUTO, MAPS, PERF, RING, STAGES, source

DISTRIBUTION_PACKAGES = ("usr/lib/python3/dist-packages", "usr/lib/python3*/site-packages")
"""Where Debian and Ubuntu, and where Fedora and Arch install bcc: pure Python on ctypes, so any interpreter runs it."""


def import_bcc() -> Any:
    """The bcc module, also from a virtual environment. Raises :class:`SourceError` when it is not installed."""
    try:
        return _import_bcc()
    except ImportError:
        sys.path += [str(folder) for pattern in DISTRIBUTION_PACKAGES for folder in Path("/").glob(pattern)]
    try:
        return _import_bcc()
    except (ImportError, OSError) as error:
        raise SourceError(f"bcc cannot be imported: {error}", hint="apt-get install python3-bpfcc") from error


def _import_bcc() -> Any:
    module = import_module("bcc")
    if not hasattr(module, "BPF"):
        raise ImportError("another package of the name bcc is installed")
    return module


def best_transport(btf: Btf) -> str:
    """The ring buffer where the kernel has it (5.8), else the perf buffer."""
    return PERF if btf.enumerator("bpf_map_type", "BPF_MAP_TYPE_RINGBUF") is None else RING


def load(folder: Path, options: dict[str, Any]) -> tuple[dict[str, Any], list[int], object]:
    """Compile, load and attach. Gives a description, the descriptors it speaks of, and what keeps them open."""
    begin = time.monotonic()
    btf = Btf.of_kernel()
    transport = options["transport"] if options["transport"] != AUTO else best_transport(btf)
    write_headers(folder, btf)
    os.chdir(folder)  # bcc puts the working directory before every include path
    os.environ["BCC_KERNEL_SOURCE"] = str(folder)
    bcc = import_bcc()
    try:
        module = bcc.BPF(text=source(transport, options["ring_pages"]))
        for index, name in enumerate(STAGES):
            stage = module.load_func(name, bcc.BPF.RAW_TRACEPOINT)
            module["stages"][ctypes.c_int(index)] = ctypes.c_int(stage.fd)
    except Exception as error:  # bcc raises nothing more precise
        raise SourceError(
            f"the kernel refused the probes: {error}", hint=f"{command('doctor')} says what is missing"
        ) from error
    module["own"][ctypes.c_uint32(os.getpid())] = ctypes.c_ubyte(1)  # our own end is nobody's business
    links = list(module.raw_tracepoint_fds.values())
    # The tail-called programs live as long as somebody holds the program array.
    maps = {name: bcc.lib.bpf_table_fd(module.module, name.encode()) for name in (*MAPS, "stages")}
    about = {"transport": transport, "maps": list(maps), "links": len(links), "seconds": time.monotonic() - begin}
    return about, [*maps.values(), *links], module


def main(arguments: list[str]) -> None:
    """Serve one request and report on the socket, also about failure."""
    channel = socket.socket(fileno=int(arguments[0]))
    try:
        about, descriptors, _alive = load(Path(arguments[1]), json.loads(arguments[2]))
    except SourceError as error:
        channel.send(json.dumps({"error": error.message, "hint": error.hint}).encode())
        return
    socket.send_fds(channel, [json.dumps(about).encode()], descriptors)


if __name__ == "__main__":
    main(sys.argv[1:])
