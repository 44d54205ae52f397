"""The alert store: every alert is written here before anybody is told of it."""

from engine.store.retention import Retention
from engine.store.rows import Hits, Tally
from engine.store.store import AlertStore
from engine.store.surroundings import Surrounding

__all__ = ["AlertStore", "Hits", "Retention", "Surrounding", "Tally"]
