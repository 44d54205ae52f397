"""What each key must do: a check for each row of the table of actions, by subject."""

from tests.helpers.keys import alerts, everywhere, filters, lists, taking, texts, views
from tests.helpers.keys.checks import CHECKS

__all__ = ["CHECKS", "alerts", "everywhere", "filters", "lists", "taking", "texts", "views"]
