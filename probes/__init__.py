"""Everything that touches the world: BPF programs, the ring, Docker, /proc, recordings."""
