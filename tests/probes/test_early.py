"""What begins before the command line is read to its end, and what does not."""

from __future__ import annotations

import os

import pytest

from probes import early


@pytest.mark.live
@pytest.mark.parametrize("arguments", [["watch"], ["sensor", "--group", "adm"], ["record", "a.scap"]])
def test_what_watches_the_kernel_begins_at_once_and_can_be_undone(arguments: list[str]) -> None:
    early.begin(arguments)
    loading = early.begun()
    assert loading is not None
    assert early.begun() is None, "there is one"
    loading.close()


@pytest.mark.parametrize(
    "arguments",
    [[], ["--demo"], ["replay", "watch"], ["watch", "--help"], ["watch", "-h"], ["watch", "--transport=perf"]],
)
def test_what_may_not_need_it_does_not(arguments: list[str]) -> None:
    early.begin(arguments)
    assert early.begun() is None


def test_nobody_but_root_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    early.begin(["watch"])
    assert early.begun() is None
