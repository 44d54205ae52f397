"""The image of a container: what it is, how it was made, when it came here, and who else runs it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from textual.content import Content

from engine.protocol import ContainerRow, Containers, GetImage, Image, ImageRow, LayerRow, ListContainers
from tui import words
from tui.front import Front, RefusedError
from tui.panes.text import TextPane
from tui.texts.alert import facts, lines, section
from tui.texts.container import name
from tui.theme import Span, content

_BUILDER = ("/bin/sh -c #(nop) ", "/bin/sh -c ")
"""What the builder writes before an instruction."""


class ImagePane(TextPane):
    """An image in words. It does not change, but for its names; who runs it does, and is kept up to date."""

    follows = ("containers",)

    def __init__(self, front: Front, container_id: str, id: str) -> None:
        super().__init__(front, id)
        self._container_id = container_id
        self._image: ImageRow | None = None
        self._why = ""

    async def load(self) -> None:
        """The containers; the image, until it is known."""
        rows = (await self.front.ask(ListContainers(), Containers)).rows
        row = next((row for row in rows if row.info.id == self._container_id), None)
        if row is None:
            self.details.show(content(("This container is not known.", "dim")))
            return
        if self._image is None and not self._why:
            await self._ask()
        kin = [other for other in rows if other.info.image_id and other.info.image_id == row.info.image_id]
        self.details.show(describe(row, kin, self._image, self._why))

    def wake(self) -> None:
        """Perhaps it can be had by now."""
        self._why = ""
        super().wake()

    async def _ask(self) -> None:
        try:
            self._image = (await self.front.ask(GetImage(self._container_id), Image)).row
        except RefusedError as error:
            self._why = ": ".join(filter(None, (error.message, error.hint)))


def describe(row: ContainerRow, kin: Sequence[ContainerRow], image: ImageRow | None, why: str = "") -> Content:
    """All that is known of a container's image; ``kin`` run it, too, ``why`` says why there is no more."""
    info = row.info
    rows: list[list[Span]] = [
        [(info.image or "?", "strong"), (f"  run as {name(info)}", "dim")],
        *(
            [[("That name leads to another image by now: it was pulled or built anew.", "warn")]]
            if moved(row, image)
            else []
        ),
        [],
        *(facts(_pairs(image)) if image is not None else facts([("Id", info.image_id)])),
        *([[], [(f"No more is known: {why}", "dim")]] if image is None and why else []),
        *section("Containers of it", [_kin(other, row) for other in kin]),
        *(section("How it was made, the newest step first", list(map(_layer, image.history))) if image else []),
    ]
    return lines(*rows)


def moved(row: ContainerRow, image: ImageRow | None) -> bool:
    """Whether the name that the container was run by is no longer among those of its image."""
    ref = row.info.image
    if image is None or not ref or "@" in ref or ref.startswith("sha256:") or image.id.startswith(f"sha256:{ref}"):
        return False
    full = ref if ":" in ref.rpartition("/")[2] else f"{ref}:latest"
    return not any(tag == full or tag.endswith(f"/{full}") or full.endswith(f"/{tag}") for tag in image.tags)


def _pairs(image: ImageRow) -> list[tuple[str, str]]:
    return [
        ("Id", image.id),
        *(("Tag", tag) for tag in image.tags or ["none"]),
        *(("Digest", digest) for digest in image.digests),
        ("Made", words.moment(image.created)),
        ("Came here", words.moment(image.tagged) if image.tagged else ""),
        ("Pulled", words.moment(image.pulled) if image.pulled else "not of late, as far as Docker remembers"),
        ("Size", f"{words.size(image.size)} in {words.plural(image.layers, 'layer')}"),
        ("For", image.architecture),
        ("Author", image.author),
        ("Entrypoint", shlex.join(image.entrypoint)),
        ("Command", shlex.join(image.command)),
        ("User", image.user or "root"),
        ("Folder", image.folder),
        ("Ports", " ".join(image.ports)),
        ("Volumes", " ".join(image.volumes)),
    ]


def _kin(other: ContainerRow, row: ContainerRow) -> list[Span]:
    state = "removed" if other.gone else other.info.state
    this: Span = ("  this one", "accent") if other.info.id == row.info.id else ("", "")
    return [(f"  {name(other.info)}", ""), (f"  {state}", "dim"), this]


def _layer(layer: LayerRow) -> list[Span]:
    by = layer.by
    for prefix in _BUILDER:
        by = by.removeprefix(prefix)
    size = words.size(layer.size) if layer.size else "–"
    return [(f"  {words.moment(layer.created)[:10]}  {size:>5}  ", "dim"), (" ".join(by.split()), "")]
