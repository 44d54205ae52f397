"""What the live tests share: one laboratory for the session."""

from collections.abc import Iterator

import pytest

from tests.helpers.lab import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A throw-away dockerd."""
    with Lab.open() as opened:
        yield opened
