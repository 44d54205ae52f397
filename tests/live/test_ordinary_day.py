"""An ordinary day, on the host and in a container: the shipped rules raise nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.lab import parcels
from tests.helpers.lab.docker import Lab
from tests.helpers.lab.watch import Seen, Watch

pytestmark = pytest.mark.live

WORK = Path(parcels.__file__).with_name("ordinary")
FENCE = "Hard link over sensitive file"
HTTPD = "httpd -p 8080 -h /var/www; for i in $(seq 200); do wget -q -O /dev/null http://127.0.0.1:8080/index.html; done"

IN_CONTAINER = {
    "an apt-get install": "apt-get install -y ./tiercel-ordinary-day.deb",
    "an apt-get purge": "apt-get purge -y tiercel-ordinary-day",
    "a pip install": "pip install --no-index --break-system-packages ./*.whl",
    "a pip install by a module": "python3 -m pip install --no-index --break-system-packages --force-reinstall ./*.whl",
    "a build": "make check",
    "a busy web server": "python3 busy_server.py",
    "a new user": "useradd --create-home somebody && usermod --comment Somebody somebody && userdel --remove somebody",
}
"""Commands for bash in the folder of the ordinary things."""

ON_HOST = {
    "an apt-get install": "apt-get install -y ./tiercel-ordinary-day.deb",
    "an apt-get purge": "apt-get purge -y tiercel-ordinary-day",
    "a pip install": '"$PYTHON" -m pip install --no-index --prefix prefix ./*.whl',
    "a build": "make check",
    "a busy web server": '"$PYTHON" busy_server.py',
}


class Day:
    """A Debian container, a busybox one, and the host, under watch."""

    def __init__(self, lab: Lab, watch: Watch, folder: Path) -> None:
        self.lab = lab
        self.watch = watch
        self.folder = folder

    def on_host(self, command: str) -> None:
        environment = os.environ | {"PYTHON": sys.executable, "DEBIAN_FRONTEND": "noninteractive"}
        bash = ["bash", "-c", command]
        done = subprocess.run(bash, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def in_container(self, command: str, container: str = "ordinary") -> None:
        self.lab.exec(container, "bash" if container == "ordinary" else "sh", "-c", command)

    def alerts_since(self, mark: int) -> list[Seen]:
        """What was raised, the fence left out."""
        self.lab.exec("fence", "ln", "/etc/shadow", f"/tmp/{mark}")
        self.watch.until(FENCE, mark)
        return [seen for seen in self.watch.since(mark) if seen.rule != FENCE]


@pytest.fixture(scope="module")
def day(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("day")
    shutil.copytree(WORK, folder, dirs_exist_ok=True)
    parcels.make_deb(folder)
    parcels.make_wheel(folder)
    with Watch.open(lab.url, folder / "alerts.db") as watch:
        watch.containers = {lab.run("ordinary", "debian", options=("-w", "/work")), lab.run("fence"), lab.run("small")}
        lab.docker("cp", f"{folder}/.", "ordinary:/work")
        yield Day(lab, watch, folder)
        lab.remove("ordinary", "fence", "small")


def assert_quiet(day: Day, mark: int) -> None:
    seen = day.alerts_since(mark)
    assert not seen, "\n".join(map(str, seen))


@pytest.mark.parametrize("what", IN_CONTAINER)
def test_it_is_quiet_in_a_container(day: Day, what: str) -> None:
    mark = day.watch.mark()
    day.in_container(IN_CONTAINER[what])
    assert_quiet(day, mark)


@pytest.mark.parametrize("what", ON_HOST)
def test_it_is_quiet_on_the_host(day: Day, what: str) -> None:
    mark = day.watch.mark()
    day.on_host(ON_HOST[what])
    assert_quiet(day, mark)


def test_a_busybox_web_server_is_quiet(day: Day) -> None:
    mark = day.watch.mark()
    day.in_container(HTTPD, "small")
    assert_quiet(day, mark)


def test_docker_at_work_is_quiet(day: Day) -> None:
    """Images packed and unpacked, files copied, commands executed, a container started and removed."""
    mark = day.watch.mark()
    day.watch.containers.add(day.lab.run("short"))
    day.lab.exec("short", "ls", "-l", "/etc/shadow")
    day.lab.docker("commit", "short", "lab/short:1")
    day.lab.docker("cp", "short:/etc/shadow", str(day.folder / "copied"))
    day.lab.docker("save", "-o", str(day.folder / "short.tar"), "lab/short:1")
    day.lab.remove("short")
    day.lab.docker("rmi", "lab/short:1")
    day.lab.docker("load", "-i", str(day.folder / "short.tar"))
    assert_quiet(day, mark)
