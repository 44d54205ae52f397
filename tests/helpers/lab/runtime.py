"""runc for a machine that does not grant every capability: what the machine lacks is not asked for.

Docker asks for a fixed list of capabilities, for ``--privileged`` for all of them, and runc fails when one is outside
the bounding set. This stand-in takes those away from the container's ``config.json`` or from the process file of an
exec, and then becomes runc. On a machine that lacks nothing it changes nothing.

It is started for each container and each exec, by ``python -IS``: standard library only.
"""

import json
import os
import shutil
import sys
from pathlib import Path

SOMETIMES_MISSING = {24: "CAP_SYS_RESOURCE", 16: "CAP_SYS_MODULE", 17: "CAP_SYS_RAWIO", 22: "CAP_SYS_BOOT"}
"""Capabilities, by number, that virtual machines and nested containers are known to hold back."""


def missing_capabilities(status: str) -> set[str]:
    """Those of SOMETIMES_MISSING that the bounding set in the text of a ``/proc/PID/status`` lacks."""
    bounding = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd:"))
    return {name for number, name in SOMETIMES_MISSING.items() if not bounding >> number & 1}


def option(arguments: list[str], *names: str) -> str:
    """The value of the first of these options that is given, "" if none is."""
    for name, value in zip(arguments, [*arguments[1:], ""], strict=True):
        if name in names:
            return value
        if "=" in name and name.split("=")[0] in names:
            return name.partition("=")[2]
    return ""


def without(capabilities: dict[str, list[str]], missing: set[str]) -> dict[str, list[str]]:
    """The capability sets of an OCI process, less the missing ones."""
    return {kind: [name for name in names if name not in missing] for kind, names in capabilities.items()}


def adapt(file: Path, missing: set[str]) -> None:
    """Take the missing capabilities out of an OCI configuration or process file."""
    document = json.loads(file.read_text())
    process = document.get("process", document)
    if "capabilities" in process:
        process["capabilities"] = without(process["capabilities"], missing)
        file.write_text(json.dumps(document))


def main(arguments: list[str]) -> None:
    """Adapt what runc is about to read, then become runc."""
    missing = missing_capabilities(Path("/proc/self/status").read_text())
    if missing and (bundle := option(arguments, "--bundle", "-b")) and "create" in arguments:
        adapt(Path(bundle) / "config.json", missing)
    if missing and (process := option(arguments, "--process", "-p")):
        adapt(Path(process), missing)
    runc = shutil.which("runc", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin") or "runc"
    os.execv(runc, ["runc", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
