"""Health: every counter and problem with its remedy, every loss by cause and container, the last minutes as plots."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual.content import Content

from engine.protocol import GetHistory, Health, HistoryReply, Sample
from tui import words
from tui.front import Front
from tui.panes.base import waiting_for
from tui.panes.plots import plots, span
from tui.panes.text import TextPane
from tui.panes.zooming import told
from tui.texts.alert import facts, lines
from tui.theme import Span, content

_SAMPLES = 900
"""Seconds that are plotted: a quarter of an hour."""


class HealthPane(TextPane):
    """The sensor's own account of itself."""

    def __init__(self, front: Front, id: str | None = None) -> None:
        super().__init__(front, id)
        self._samples: deque[Sample] = deque(maxlen=_SAMPLES)

    async def load(self) -> None:
        """Ask, so that it is fresh."""
        await self.front.check()
        since = self._samples[-1].time if self._samples else 0
        self._samples += (await self.front.ask(GetHistory(since=since), HistoryReply)).samples
        self._show()

    def ticked(self) -> None:
        """Show what the pulses brought, and ask for what they do not bring."""
        self._show()
        self.loader.soon()

    def _show(self) -> None:
        health = self.front.health
        width = self.details.scrollable_content_region.width
        shown = describe(health, tuple(self._samples), width) if health else content(*waiting_for(self.front, []))
        self.details.show(shown)


def describe(health: Health, samples: Sequence[Sample] = (), width: int = 80) -> Content:
    """All of it, the worst first. ``width`` is for the plots."""
    return lines(
        *_problems(health),
        *_losses(health),
        *_bounds(health),
        *_plots(samples, width),
        *_dropped(health),
        *_kept(health),
        *_figures(health),
        *_zooms(health),
        *_probes(health),
    )


def _problems(health: Health) -> list[list[Span]]:
    rows: list[list[Span]] = _losing(health)
    for problem in reversed(health.problems):
        rows.append([("⚠ ", "warn"), (words.clock(problem.time), "dim"), (f"  {problem.what}", "")])
        if problem.hint:
            rows.append([("  → ", "accent"), (problem.hint, "")])
    if not health.runtime and health.runtime_detail:
        rows.append([("⚠ ", "warn"), (f"containers are known by their ids only: {health.runtime_detail}", "")])
    rows += [[(line, "bad")] for text in health.rule_problems for line in text.splitlines()]
    return _section("Problems", rows or [[("None.", "ok")]])


_RECENT = 60 * words.SECOND
"""Nanoseconds for which a loss is a problem of now."""


def _losing(health: Health) -> list[list[Span]]:
    causes = [cause for cause, last in health.lost_last.items() if health.time - last < _RECENT]
    if not causes:
        return []
    return [
        [("⚠ ", "warn"), (f"events are being lost: {', '.join(causes)}", "bad")],
        [("  → ", "accent"), ("below is whose they were; a rule may have missed something there", "")],
    ]


def _losses(health: Health) -> list[list[Span]]:
    if not health.lost:
        return _section("Losses", [[("Nothing was lost.", "ok")]])
    last = health.lost_last
    causes = [(cause, f"{number:,}{_at(last.get(cause, 0))}") for cause, number in _largest(health.lost_by_cause)]
    containers = [(name or "host", f"{number:,}") for name, number in _largest(health.lost_by_container)]
    total: list[Span] = [(f"{words.plural(health.lost, 'event')} lost", "bad")]
    return _section("Losses", [total, *_table("by cause", causes), *_table("by container", containers)])


def _at(time: int) -> str:
    return f"   last {words.moment(time)[:19]}" if time else ""


def _plots(samples: Sequence[Sample], width: int) -> list[list[Span]]:
    rows = plots(samples, width)
    return _section(f"The last {span(samples)}", rows) if rows else []


def _bounds(health: Health) -> list[list[Span]]:
    if not health.bounds:
        return []
    return _section("Bounds reached", _table("so often", [(what, f"{n:,}") for what, n in _largest(health.bounds)]))


def _dropped(health: Health) -> list[list[Span]]:
    """Alerts that are no longer kept: of which stacks, and since when."""
    rows: list[list[Span]] = []
    for row in health.dropped:
        who = " · ".join(filter(None, (row.rule, row.container, row.program))) or "all others"
        reason = _REASONS.get(row.reason, row.reason)
        rows.append(
            [(f"{row.alerts:>12,}  ", "warn"), (who, ""), (f"  {reason}, since {words.moment(row.since)}", "dim")]
        )
    return _section("Alerts that were dropped", rows) if rows else []


def _kept(health: Health) -> list[list[Span]]:
    """What lies on the disk beside the alerts."""
    rows: list[list[Span]] = [
        [(f"{words.size(row.size):>12}", ""), (f"  {row.what}", ""), (_most(row.most), "dim")]
        for row in health.kept
        if row.size
    ]
    return _section("Kept on the disk", rows) if rows else []


def _most(size: int) -> str:
    return f"  {words.size(size)} at most" if size else ""


_REASONS = {"room": "for want of room", "age": "too old"}


def _largest(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: -item[1])


def _figures(health: Health) -> list[list[Span]]:
    runtime = health.runtime or "none reached"
    pairs = [
        ("Source", f"{health.source}, {health.phase.value}{_detail(health)}"),
        ("Events", f"{health.events:,}  ({words.count(health.events_per_second)} a second)"),
        ("Own events", f"{health.own_events:,}  (Tiercel's own processes: not judged)"),
        ("Waiting", f"{health.waiting:,}  (for their container's metadata)"),
        ("Lag", f"{health.lag_ms:.1f} ms"),
        ("Alerts", f"{health.alerts:,}  ({health.alerts_kept:,} kept)"),
        ("Rules", f"{health.rules_enabled} on, {health.rules_total - health.rules_enabled} off"),
        ("Runtime", f"{runtime}{f' ({health.runtime_detail})' if health.runtime_detail else ''}"),
        ("Responses", f"allowed; the audit log is {health.responses}" if health.responses else "none: it only watches"),
        ("Containers", str(health.containers)),
        ("Processes", f"{health.processes:,}{_missed(health)}"),
        ("CPU", f"{health.cpu:.1f} % of a core"),
        ("Memory", words.size(health.memory)),
        ("Up for", words.duration(health.uptime)),
    ]
    return _section("Sensor", facts(pairs))


def _detail(health: Health) -> str:
    return f" ({health.detail})" if health.detail not in ("", health.source) else ""


def _missed(health: Health) -> str:
    if not health.missed_exits:
        return ""
    return f"  ({words.plural(health.missed_exits, 'exit')} lost, found by a look at /proc)"


def _zooms(health: Health) -> list[list[Span]]:
    pairs = told(health)
    return _section("Watched in full", facts(pairs)) if pairs else []


def _probes(health: Health) -> list[list[Span]]:
    if not health.probes:
        return []
    head: list[Span] = [(f"{'':<24}{'seen':>14}{'delivered':>14}{'kept back':>12}{'lost':>10}", "dim")]
    rows: list[list[Span]] = [head]
    for probe in health.probes:
        kept = f"{100 * (1 - probe.delivered / probe.seen):.1f} %" if probe.seen else "–"
        figures = f"{probe.name:<24}{probe.seen:>14,}{probe.delivered:>14,}{kept:>12}"
        rows.append([(figures, ""), (f"{probe.lost:>10,}", "bad" if probe.lost else "dim")])
    return _section("Probes", rows)


def _table(title: str, pairs: list[tuple[str, str]]) -> list[list[Span]]:
    """The numbers stand below one another, behind the longest name."""
    width = max((len(name) for name, _ in pairs), default=0) + 1
    return [
        [(title, "dim")],
        *([(f"  {name:<{max(30, width)}}", ""), (f"{number:>12}", "bad")] for name, number in pairs),
    ]


def _section(title: str, rows: list[list[Span]]) -> list[list[Span]]:
    return [[(title, "accent")], *rows, []]
