"""What Docker says of an image, also where it says little."""

from __future__ import annotations

from engine.protocol import LayerRow
from probes.docker.images import MOST_LAYERS, _full, _pulls, image_row


def test_what_docker_leaves_out_is_empty() -> None:
    row = image_row(
        {"Id": "sha256:1", "Config": None, "RepoTags": None, "Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"}}
    )
    assert (row.id, row.tags, row.entrypoint, row.ports, row.tagged, row.history) == ("sha256:1", [], [], [], 0, [])


def test_its_making_is_bounded_and_newest_first() -> None:
    steps = [{"Created": 2_000 - n, "Size": n, "CreatedBy": f"RUN {n}"} for n in range(2 * MOST_LAYERS)]
    row = image_row({"Id": "sha256:1"}, steps)
    assert len(row.history) == MOST_LAYERS
    assert row.history[1] == LayerRow(1_999 * 10**9, 1, "RUN 1")
    imported = image_row({"Id": "sha256:1"}, [{"CreatedBy": "", "Comment": "Imported from -"}])
    assert imported.history == [LayerRow(0, 0, "Imported from -")]


def test_pulls_are_told_by_the_name_that_was_asked_for() -> None:
    lines = b'{"Actor":{"ID":"busybox"},"timeNano":17}\n{"Actor":{"ID":"a/b:2"},"timeNano":18}\n{}\n'
    assert [(_full(name), time) for name, time in _pulls(lines) if name] == [("busybox:latest", 17), ("a/b:2", 18)]
