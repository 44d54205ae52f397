"""Circles of references."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.rules.loops import circles

GRAPHS = st.dictionaries(st.sampled_from("abcdefg"), st.lists(st.sampled_from("abcdefgx"), max_size=4), max_size=7)


def reachable(graph: dict[str, list[str]], name: str) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        fresh = set(graph.get(waiting.pop(), ())) - found
        found |= fresh
        waiting += fresh
    return found


@given(GRAPHS)
def test_names_in_one_circle_reach_each_other(graph: dict[str, list[str]]) -> None:
    found = circles(graph)
    assert found.keys() == graph.keys()
    for one in graph:
        for other in graph:
            each_other = other in reachable(graph, one) and one in reachable(graph, other)
            assert (found[one] == found[other]) is each_other


def test_a_long_chain_needs_no_recursion() -> None:
    graph = {str(number): [str(number + 1)] for number in range(50_000)}
    assert len(set(circles(graph).values())) == 50_000
