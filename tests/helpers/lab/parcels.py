"""Small things to install: a Debian package and a wheel, made on the spot."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

NAME = "tiercel-ordinary-day"

CONTROL = f"""\
Package: {NAME}
Version: 1.0
Architecture: all
Maintainer: Nobody <nobody@example.org>
Description: nothing of use
"""

POSTINST = """\
#!/bin/sh
set -e
chmod 4755 /usr/bin/tiercel-ordinary-day
getent shadow root > /dev/null
ldconfig
"""

PROGRAM = "#!/bin/sh\necho ordinary\n"

METADATA = "Metadata-Version: 2.1\nName: tiercel-ordinary-day\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
ENTRY_POINTS = "[console_scripts]\ntiercel-ordinary-day = tiercel_ordinary_day:main\n"
MODULE = "def main():\n    print('ordinary')\n"


def make_deb(folder: Path) -> Path:
    """A Debian package with a program, a configuration file, and a script that runs after the installation."""
    root = folder / "deb"
    for name, text, mode in (
        ("DEBIAN/control", CONTROL, 0o644),
        ("DEBIAN/conffiles", f"/etc/cron.d/{NAME}\n", 0o644),
        ("DEBIAN/postinst", POSTINST, 0o755),
        (f"usr/bin/{NAME}", PROGRAM, 0o755),
        (f"etc/cron.d/{NAME}", "# nothing\n", 0o644),
    ):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
    package = folder / f"{NAME}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, package], check=True, stdout=subprocess.DEVNULL)
    return package


def make_wheel(folder: Path) -> Path:
    """A wheel with a module and a console script."""
    module = NAME.replace("-", "_")
    info = f"{module}-1.0.dist-info"
    files = {
        f"{module}.py": MODULE,
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": WHEEL,
        f"{info}/entry_points.txt": ENTRY_POINTS,
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    wheel = folder / f"{module}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(name, text)
    return wheel
