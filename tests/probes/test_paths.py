"""Paths from the kernel's names, and Falco's way to write them."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.paths import absolute, joined, text


@pytest.mark.parametrize(
    ("names", "path"),
    [
        (b"passwd\0etc\0\0", "/etc/passwd"),
        (b"/\0", "/"),
        (b"memfd:x\0", "memfd:x"),
        (b"\0", ""),
        (b"leaf\0middle\0", ""),
        (b"\xff\0tmp\0\0", "/tmp/\\xff"),
    ],
)
def test_names_from_the_leaf_to_the_root(names: bytes, path: str) -> None:
    assert joined(names) == path


@pytest.mark.parametrize(
    ("path", "base", "name"),
    [
        ("/etc/passwd", "", "/etc/passwd"),
        ("passwd", "/etc", "/etc/passwd"),
        ("../x", "/a/b", "/a/x"),
        ("/a/../../b//c/", "", "/b/c"),
        ("./.hidden", "/", "/.hidden"),
        ("//etc", "", "/etc"),
        ("", "/a", "/a"),
        (".", "/", "/"),
        ("unknown", "", "unknown"),
    ],
)
def test_a_path_is_made_absolute_and_normal(path: str, base: str, name: str) -> None:
    assert absolute(path, base) == name


@given(st.lists(st.sampled_from(["a", "b", ".", "..", "", ".x", "c."]), min_size=1, max_size=8))
def test_the_quick_way_is_the_plain_one(parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    assert absolute(path, "/ignored") == posixpath.normpath("/" + path.lstrip("/"))


def test_text_that_is_no_utf8_is_shown_as_bytes() -> None:
    assert text(b"a\xffb\n\xc3\xa9") == "a\\xffb\né"
