"""The C text for machines of several kinds."""

from __future__ import annotations

import mmap

import pytest

from probes.kernel.programs import FILES, PARTS, RING, source


@pytest.mark.parametrize(("page", "asked", "pages"), [(4096, 2048, 2048), (65536, 2048, 128), (65536, 1, 1)])
def test_a_ring_has_the_same_size_on_machines_with_large_pages(
    monkeypatch: pytest.MonkeyPatch, page: int, asked: int, pages: int
) -> None:
    monkeypatch.setattr(mmap, "PAGESIZE", page)
    assert f"#define RING_PAGES {pages}\n" in source(RING, asked)


def test_the_parts_have_every_program_once() -> None:
    assert sorted(name for part in PARTS for name in part) == sorted(name for name in FILES if name.endswith(".c"))


def test_a_part_has_all_headers_and_no_program_of_the_others() -> None:
    first, second = (source(RING, 1, part) for part in PARTS)
    assert all(f'"{name}"' in text for text in (first, second) for name in FILES if name.endswith(".h"))
    assert ("RAW_TRACEPOINT_PROBE(sys_exit)" in first, "RAW_TRACEPOINT_PROBE(sys_exit)" in second) == (True, False)
