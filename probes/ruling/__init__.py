"""The rules in force: where files and switches lie, when they change, and trying them."""
