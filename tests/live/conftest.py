"""What the live tests share: one laboratory for the session, and a figure at its end."""

import signal
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.containers import Cgroup, cgroup
from tests.helpers.lab import Lab

LATENCIES = pytest.StashKey[list[float]]()
NOT_PROVOKED = pytest.StashKey[dict[str, str]]()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What does not say that it may run beside others runs alone; so does one of them that says it itself."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("beside") is None:
            item.add_marker("alone")


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl-C reaches what the tests start, also when they run in the background of a shell, which ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A throw-away dockerd."""
    with Lab.open() as opened:
        yield opened


@pytest.fixture
def container() -> Iterator[Cgroup]:
    """A cgroup that is a container for the kernel's side, without a runtime."""
    with cgroup() as made:
        yield made


@pytest.fixture
def another() -> Iterator[Cgroup]:
    """One more."""
    with cgroup(1) as made:
        yield made


@pytest.fixture(scope="session")
def latencies(pytestconfig: pytest.Config) -> list[float]:
    """Milliseconds from an event to its JSON line: measured, printed at the end, and judged by nobody."""
    return pytestconfig.stash.setdefault(LATENCIES, [])


@pytest.fixture(scope="session")
def not_provoked(pytestconfig: pytest.Config) -> dict[str, str]:
    """Rules that cannot be provoked here, each with the reason: printed at the end."""
    return pytestconfig.stash.setdefault(NOT_PROVOKED, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    if (rules := config.stash.get(NOT_PROVOKED, None)) is not None:
        lines = "".join(f"\n  {rule}: {reason}" for rule, reason in rules.items())
        terminalreporter.write_line(f"of Falco's upstream rules, not provoked: {lines or 'none'}")
    measured = config.stash.get(LATENCIES, [])
    if len(measured) > 1:
        middle, most = statistics.median(measured), max(measured)
        last_tenth = statistics.quantiles(measured, n=10)[-1]
        terminalreporter.write_line(
            f"from event to JSON line, {len(measured)} alerts:"
            f" median {middle:.1f} ms, 90 % {last_tenth:.1f} ms, most {most:.1f} ms"
        )
