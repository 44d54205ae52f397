"""From a rule that matched an event to an alert, and what it saw when it fired."""
