"""Where alerts go: one small module for each sink, one row in :data:`engine.sinks.table.SINKS`."""
