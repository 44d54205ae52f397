"""Started by root in a folder that somebody else fills."""

from pathlib import Path

import pytest

from probes.kernel.loader import load

pytestmark = [pytest.mark.live, pytest.mark.beside]


async def test_the_loader_imports_nothing_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = tmp_path / "taken"
    for name in ("probes.py", "bcc.py", "json.py", "sitecustomize.py"):
        (tmp_path / name).write_text(f"open({str(taken)!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(tmp_path)
    loaded = await load(cache=tmp_path / "cache")
    loaded.close()
    assert not taken.exists(), f"root ran {taken.read_text()} of a stranger's"
