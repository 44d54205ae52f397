"""Docker as a source of containers, and as what looks into them."""
