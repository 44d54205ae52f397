"""The kernel as a source: programs compiled and attached by a child, the ring drained, records decoded."""
