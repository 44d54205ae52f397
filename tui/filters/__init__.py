"""The filter line: what it completes, judges, remembers, and by which fields of the rows."""
