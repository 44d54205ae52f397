"""For each of Falco's upstream rules: an event that fires it, and a near miss that does not."""

from __future__ import annotations

from tests.helpers.upstream import incubating, sandbox, stable
from tests.helpers.upstream.case import Case, Cases

CASES: Cases = {**stable.CASES, **incubating.CASES, **sandbox.CASES}
"""By the rule's name."""

NEVER = {
    "Network Connection outside Local Subnet": "its list of namespaces is empty as shipped: k8s.ns.name in ()",
    "Launch Disallowed Container": "as shipped it wants a container.id that is not host and does not exist",
}
"""Rules that no event can fire as they are shipped, each with the reason."""

__all__ = ["CASES", "NEVER", "Case"]
