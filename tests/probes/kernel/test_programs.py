"""The C text for machines of several kinds."""

from __future__ import annotations

import mmap

import pytest

from probes.kernel.programs import RING, source


@pytest.mark.parametrize(("page", "asked", "pages"), [(4096, 2048, 2048), (65536, 2048, 128), (65536, 1, 1)])
def test_a_ring_has_the_same_size_on_machines_with_large_pages(
    monkeypatch: pytest.MonkeyPatch, page: int, asked: int, pages: int
) -> None:
    monkeypatch.setattr(mmap, "PAGESIZE", page)
    assert f"#define RING_PAGES {pages}\n" in source(RING, asked)
