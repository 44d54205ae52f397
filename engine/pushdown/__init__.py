"""What of the rules a probe can test: conditions that are necessary for an alert, for each type of event."""
