"""The state that events build: processes, containers, users, and what is known about each."""
