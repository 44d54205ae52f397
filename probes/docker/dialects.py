"""What other runtimes say otherwise than Docker, though they speak its API."""

from __future__ import annotations

from probes.docker.api import Json

DOCKER = "docker"
PODMAN = "podman"

_ENGINES = {"Podman Engine": PODMAN}
"""What a daemon calls itself among the parts of its version."""
_WORDS = {PODMAN: {"remove": "destroy", "died": "die", "exec": "exec_start", "exec_died": "exec_die"}}
"""Actions by other words, by runtime."""
_EXIT_CODE = "containerExitCode"
"""What Podman calls it, also that of an exec; other actions have it, too, without any meaning."""


def runtime_of(version: Json) -> str:
    """Which runtime answers, by ``GET /version``: as ``container.type`` names it."""
    parts = version.get("Components") or []
    return next((_ENGINES[part["Name"]] for part in parts if part.get("Name") in _ENGINES), DOCKER)


def kernel_of(version: Json) -> str:
    """The release of the kernel that a daemon's containers run on; "" where it does not tell."""
    parts = [part.get("Details") or {} for part in version.get("Components") or []]
    told = [version.get("KernelVersion"), *(part.get("KernelVersion") for part in parts)]
    return next((str(release) for release in told if release), "")


def in_dockers_words(runtime: str, action: str, attributes: Json) -> tuple[str, Json]:
    """The action of an event, and its attributes, as Docker would have them."""
    action = _WORDS.get(runtime, {}).get(action, action)
    if action == "exec_die" and "exitCode" not in attributes and _EXIT_CODE in attributes:
        return action, {**attributes, "exitCode": attributes[_EXIT_CODE]}
    return action, attributes
