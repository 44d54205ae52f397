"""Trees of processes as lines: drawn, folded, thinned out by a filter."""
