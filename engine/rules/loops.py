"""Which names refer to each other in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def circles(graph: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """For each name the number of its circle: two names reach each other exactly if they have the same number.

    Tarjan's algorithm, without recursion; linear in names and references. References out of the graph are ignored.
    """
    found: dict[str, int] = {}
    seen: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    for root in graph:
        if root in seen:
            continue
        seen[root] = lowest[root] = len(seen)
        path.append(root)
        work = [(root, iter(graph[root]))]
        while work:
            name, rest = work[-1]
            for other in rest:
                if other not in graph:
                    continue
                if other not in seen:
                    seen[other] = lowest[other] = len(seen)
                    path.append(other)
                    work.append((other, iter(graph[other])))
                    break
                if other not in found:
                    lowest[name] = min(lowest[name], seen[other])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    lowest[above] = min(lowest[above], lowest[name])
                if lowest[name] == seen[name]:
                    _take(path, name, found)
    return found


def _take(path: list[str], name: str, found: dict[str, int]) -> None:
    """The names from ``name`` to the path's end are a circle."""
    number = len(found)
    while name not in found:
        found[path.pop()] = number
