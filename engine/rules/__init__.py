"""Rule files: read, collected, compiled, matched."""
