"""A bundle of several alerts: a folder for each, a summary of all of them for the ticket, one archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.bundles import bundle
from engine.bundles.bundle import Material, span

MOST = 100
"""Alerts in one bundle."""
_SHOWN = ("When", "Priority", "Container", "Way in", "User", "Process", "What", "Alerts like it", "State")
"""Of each alert; its own summary has the rest."""


def write(materials: Sequence[Material], parent: Path, left_out: Sequence[str] = ()) -> Path:
    """Make a bundle in ``parent``, of one alert as :func:`engine.bundles.bundle.write` does; its folder. ``left_out``
    says of alerts that are not in it why. Raises TiercelError when it cannot be written."""
    if len(materials) == 1 and not left_out:
        return bundle.write(materials[0], parent)
    return bundle.write_files(files(materials, left_out), name_of(materials), materials[0].made, parent)


def files(materials: Sequence[Material], left_out: Sequence[str] = ()) -> dict[str, bytes]:
    """Every file by its path in the bundle, the sums of all others last. The alerts are in the order of their times."""
    folders = {f"{number:02}-{_slug(one)}": one for number, one in enumerate(_in_order(materials), 1)}
    content = {"summary.md": bundle.text(_summary(folders, left_out))}
    for folder, material in folders.items():
        content |= {f"{folder}/{name}": data for name, data in bundle.files(material).items()}
    return bundle.with_sums(content)


def name_of(materials: Sequence[Material]) -> str:
    """``20261124T134512Z-3-alerts-web``; without a place where there are several."""
    places = {bundle.place_of(one.alert) for one in materials}
    words = f"{len(materials)} alerts {places.pop() if len(places) == 1 else ''}"
    return f"{bundle.moment(materials[0].made):%Y%m%dT%H%M%SZ}-{bundle.slug(words)}"


def counted(materials: Sequence[Material]) -> str:
    """How many alerts it is of, and how many of their stacks are in it besides: ``22 alerts and 5 more like them``."""
    told = {one.alert.id for one in materials}
    more = len({alert.id for one in materials for alert in one.alerts} - told)
    return f"{len(materials)} alert{'s' * (len(materials) != 1)}{f' and {more:,} more like them' if more else ''}"


def _slug(material: Material) -> str:
    return bundle.slug(f"{material.alert.rule} {bundle.place_of(material.alert)}")


def _in_order(materials: Sequence[Material]) -> list[Material]:
    return sorted(materials, key=lambda one: (one.alert.time, one.alert.id))


def _summary(folders: Mapping[str, Material], left_out: Sequence[str]) -> Iterator[str]:
    materials = list(folders.values())
    first, last, made = materials[0].alert.time, materials[-1].alert.time, materials[0]
    yield f"# {counted(materials)}"
    yield ""
    yield f"* From: {span(f'{bundle.moment(first):%Y-%m-%d %H:%M:%S.%f} UTC')}"
    yield f"* To: {span(f'{bundle.moment(last):%Y-%m-%d %H:%M:%S.%f} UTC')}"
    yield f"* In: {span(', '.join(sorted({bundle.place_of(one.alert) for one in materials})))}"
    yield f"* Bundle: {span(dict(bundle.facts_of(made))['Bundle'])}"
    for folder, material in folders.items():
        yield from _one(folder, material)
    yield from bundle.section("Not in this bundle", [*left_out, *_missing(folders)])
    yield ""
    yield f"All of it is in the folders beside this file; `{bundle.SUMS}` has the sums of all of their files."


def _one(folder: str, material: Material) -> Iterator[str]:
    yield from ("", f"## {span(material.alert.rule)}", "")
    facts = dict(bundle.facts_of(material))
    yield from (f"* {label}: {span(facts[label])}" for label in _SHOWN if facts.get(label))
    yield f"* All that is known: {span(f'{folder}/summary.md')}"
    yield from bundle.section("Message", [material.alert.output], level=3)
    yield from bundle.section("Ancestry", material.ancestry, level=3)


def _missing(folders: Mapping[str, Material]) -> list[str]:
    return [f"{folder}: {what}: {why}" for folder, one in folders.items() for what, why in one.missing.items()]
