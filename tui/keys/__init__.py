"""Keys: how they are read, written, remapped, and what is pasted instead."""
