"""A Debian root made of packages that are installed on this machine, with a dpkg database of just these."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

Paragraph = dict[str, str]
"""A package's entry in dpkg's status file: fields by name, as they stand, continued lines included."""

DPKG = Path("/var/lib/dpkg")
NOT_NEEDED = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/")
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Links into /usr where the machine has them so."""


def copy_packages(root: Path, names: Iterable[str]) -> None:
    """Copy the files of these packages, of all they depend on and of every essential package into ``root``."""
    status = _read_status()
    names = list(names)
    if missing := [name for name in names if name not in status]:
        raise RuntimeError(f"the image is made of installed packages. To mend it: apt-get install {' '.join(missing)}")
    wanted = _closure(status, [*names, *(name for name, p in status.items() if p.get("Essential") == "yes")])
    for name in MERGED:
        if (link := Path("/") / name).is_symlink():
            (root / name).symlink_to(link.readlink())
            (root / link.readlink()).mkdir(parents=True, exist_ok=True)
    _copy_files(root, _files_of(wanted))
    _write_database(root, [status[name] for name in wanted])


def _read_status() -> dict[str, Paragraph]:
    """The installed packages by name; a virtual one by the first package that provides it."""
    paragraphs = map(_paragraph, (DPKG / "status").read_text().split("\n\n"))
    installed = [p for p in paragraphs if p.get("Status", "").endswith(" installed")]
    by_name = {p["Package"]: p for p in installed}
    provided = {name: p for p in installed for name in _first_names(p.get("Provides", ""))}
    return provided | by_name


def _paragraph(text: str) -> Paragraph:
    fields: Paragraph = {}
    name = ""
    for line in text.splitlines():
        if line.startswith((" ", "\t")):
            fields[name] += "\n" + line
        else:
            name, _, value = line.partition(": ")
            name = name.rstrip(":")
            fields[name] = value
    return fields


def _first_names(relations: str) -> Iterator[str]:
    """The package names in a list of relations: all alternatives, without versions and architectures."""
    for relation in relations.replace("|", ",").split(","):
        if words := relation.split():
            yield words[0].partition(":")[0]


def _closure(status: dict[str, Paragraph], names: Iterable[str]) -> list[str]:
    """These packages and what they need, as far as it is installed; real names, sorted."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        paragraph = status.get(waiting.pop())
        if paragraph is not None and paragraph["Package"] not in found:
            found.add(paragraph["Package"])
            waiting += _first_names(f"{paragraph.get('Depends', '')},{paragraph.get('Pre-Depends', '')}")
    return sorted(found)


def _files_of(packages: list[str]) -> list[str]:
    listing = subprocess.run(["dpkg-query", "--listfiles", *packages], capture_output=True, text=True, check=True)
    paths = {line for line in listing.stdout.splitlines() if line.startswith("/") and line != "/."}
    alternatives = {str(link) for folder in ("/usr/bin", "/etc/alternatives") for link in _alternatives(Path(folder))}
    return sorted(path for path in paths | alternatives if not path.startswith(NOT_NEEDED))


def _alternatives(folder: Path) -> Iterator[Path]:
    """The links by which update-alternatives gives a program its usual name: no package owns them."""
    for path in folder.iterdir():
        if path.is_symlink() and (folder.name == "alternatives" or path.readlink().is_relative_to("/etc/alternatives")):
            yield path


def _copy_files(root: Path, paths: list[str]) -> None:
    """By a pair of tars, which keep owners, modes and links; folders in the list stand for themselves only."""
    names = b"\0".join(path.lstrip("/").encode() for path in paths if path.lstrip("/") not in MERGED)
    pack = ["tar", "--create", "--directory=/", "--no-recursion", "--ignore-failed-read", "--null", "--files-from=-"]
    unpack = ["tar", "--extract", "--keep-directory-symlink", f"--directory={root}"]
    with subprocess.Popen(pack, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as packing:
        assert packing.stdin is not None
        with subprocess.Popen(unpack, stdin=packing.stdout) as unpacking:
            packing.stdin.write(names)
            packing.stdin.close()
    if unpacking.returncode:
        raise RuntimeError(f"tar ended with {unpacking.returncode}")


def _write_database(root: Path, packages: list[Paragraph]) -> None:
    """dpkg's status and the lists of files of these packages."""
    database = root / DPKG.relative_to("/")
    for folder in ("info", "updates", "triggers", "parts"):
        (database / folder).mkdir(parents=True, exist_ok=True)
    text = "\n\n".join("\n".join(f"{name}: {value}" for name, value in p.items()) for p in packages)
    (database / "status").write_text(text + "\n")
    (database / "available").touch()
    for paragraph in packages:
        for file in _info_files(paragraph):
            shutil.copy2(file, database / "info")


def _info_files(paragraph: Paragraph) -> Iterator[Path]:
    name = paragraph["Package"]
    for kind in ("list", "md5sums", "conffiles", "triggers", "shlibs", "symbols"):
        for file in (f"{name}.{kind}", f"{name}:{paragraph['Architecture']}.{kind}"):
            if (DPKG / "info" / file).exists():
                yield DPKG / "info" / file
