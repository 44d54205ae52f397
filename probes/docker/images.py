"""An image as Docker has it: what it is, how it was made, and when it came here."""

from __future__ import annotations

import asyncio
import json
import time as clock
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.protocol import ImageRow, LayerRow
from probes.docker.api import LONGEST_LINE, Json, nanoseconds
from probes.docker.failures import failures

if TYPE_CHECKING:
    from aiodocker import Docker

MOST_LAYERS = 200
"""Steps of its making that are told, the newest."""
REMEMBERED = 30 * 86_400
"""Seconds that are looked back for a pull; Docker itself keeps only the latest of its events."""
PATIENCE = 5.0
"""Seconds for these."""


async def image_of(docker: Docker, image_id: str) -> ImageRow:
    """The image. Raises what Docker's library raises; only that it tells of no pull is no failure."""
    row = image_row(await docker.images.inspect(image_id), await docker._query_json(f"images/{image_id}/history"))
    row.pulled = await _pulled(docker, row)
    return row


def image_row(answer: Json, history: Sequence[Json] = ()) -> ImageRow:
    """``GET /images/<id>/json`` and ``…/history`` as plain data."""
    config = answer.get("Config") or {}
    return ImageRow(
        id=answer["Id"],
        tags=list(answer.get("RepoTags") or []),
        digests=list(answer.get("RepoDigests") or []),
        created=nanoseconds(answer.get("Created") or ""),
        size=answer.get("Size") or 0,
        layers=len((answer.get("RootFS") or {}).get("Layers") or []),
        architecture="/".join(filter(None, (answer.get("Os"), answer.get("Architecture"), answer.get("Variant")))),
        author=answer.get("Author") or "",
        entrypoint=list(config.get("Entrypoint") or []),
        command=list(config.get("Cmd") or []),
        user=config.get("User") or "",
        folder=config.get("WorkingDir") or "",
        ports=sorted(config.get("ExposedPorts") or {}),
        volumes=sorted(config.get("Volumes") or {}),
        history=[_layer(step) for step in history[:MOST_LAYERS]],
        tagged=nanoseconds((answer.get("Metadata") or {}).get("LastTagTime") or ""),
    )


def _layer(step: Json) -> LayerRow:
    created = int(step.get("Created") or 0)
    return LayerRow(
        created=max(0, created) * 10**9,
        size=step.get("Size") or 0,
        by=step.get("CreatedBy") or step.get("Comment") or "",
    )


async def _pulled(docker: Docker, image: ImageRow) -> int:
    """When it was last pulled, as far as Docker remembers; 0 for what it does not tell."""
    now = clock.time()
    wanted = {
        "since": f"{now - REMEMBERED:.0f}",
        "until": f"{now:.3f}",
        "filters": json.dumps({"type": ["image"], "event": ["pull"]}),
    }
    names = {*image.tags, *image.digests, image.id}
    try:
        async with asyncio.timeout(PATIENCE), docker._query("events", params=wanted, timeout=None) as response:
            text = await response.content.read(LONGEST_LINE)
            return max((time for name, time in _pulls(text) if _full(name) in names), default=0)
    except failures():
        return 0


def _pulls(text: bytes) -> Iterator[tuple[str, int]]:
    """Name and time of each."""
    for line in text.splitlines():
        event = json.loads(line)
        yield (event.get("Actor") or {}).get("ID") or "", int(event.get("timeNano") or 0)


def _full(name: str) -> str:
    """With its tag, where none was given."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
