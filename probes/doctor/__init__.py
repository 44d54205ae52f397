"""What this machine can and cannot do, and for each gap what mends it."""
