"""What the doctor reads may be anybody's: variables, contexts, what answers. Its report stays lines of its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from engine.scrub import is_clean
from probes.doctor.doctor import CHECKS, Check, report, to_rows
from probes.doctor.facts import Machine
from tests.helpers.hostile_docker import HostileDocker
from tests.helpers.hostile_names import ALL, HOSTILE, printable

ALL_IN_ONE = printable(ALL).replace("\0", "")
ASKED = ("Docker", "terminal", "locale")


def context(folder: Path, name: str, host: str) -> dict[str, str]:
    """The environment of somebody who uses a context."""
    meta = folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    meta.parent.mkdir(parents=True)
    meta.write_text(json.dumps({"Endpoints": {"docker": {"Host": host}}}))
    (folder / "config.json").write_text(json.dumps({"currentContext": name}))
    return {"DOCKER_CONFIG": str(folder)}


@pytest.fixture
def environs(tmp_path: Path) -> list[dict[str, str]]:
    return [
        *({"DOCKER_HOST": url + ALL_IN_ONE} for url in ("", "unix:///", "tcp://", "ssh://", "x://")),
        *({"DOCKER_HOST": f"ssh://{text}"} for text in HOSTILE.values()),
        {"DOCKER_CONTEXT": ALL_IN_ONE, "DOCKER_CONFIG": f"/{ALL_IN_ONE}"},
        {"DOCKER_HOST": "tcp://localhost:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": f"/{ALL_IN_ONE}"},
        {"TERM": ALL_IN_ONE, "SUDO_UID": ALL_IN_ONE, "XDG_RUNTIME_DIR": ALL_IN_ONE, "HOME": ALL_IN_ONE},
        context(tmp_path / "a", ALL_IN_ONE, ALL_IN_ONE),
        context(tmp_path / "b", ALL_IN_ONE, "ssh://ann@far"),
    ]


def test_its_report_is_inert(environs: list[dict[str, str]], tmp_path: Path) -> None:
    """As lines, and as data."""
    given = [ALL_IN_ONE, f"unix:///{ALL_IN_ONE}", f"ssh://{ALL_IN_ONE}", f"tcp://{ALL_IN_ONE}"]
    for environ, docker in [*((environ, "") for environ in environs), *(({}, docker) for docker in given)]:
        here = Machine(root=tmp_path, environ=environ, docker=docker)
        found = [Check(name, CHECKS[name](here)) for name in ASKED]
        lines = report(found).split("\n")
        assert all(map(is_clean, lines)), (environ, docker)
        assert len(lines) <= 2 * len(ASKED)
        assert all(is_clean(text) for row in to_rows(found) for text in row.values())


async def test_what_answers_is_shown_as_text(tmp_path: Path) -> None:
    async with HostileDocker("a" * 64, 1, ALL_IN_ONE).serving(tmp_path / "d.sock") as url:
        here = Machine(root=tmp_path, environ={"DOCKER_HOST": url})
        found = await asyncio.to_thread(CHECKS["Docker"], here)
    assert "\\x1b]52" in report([Check("Docker", found)])
    assert all(map(is_clean, report([Check("Docker", found)]).split("\n")))
