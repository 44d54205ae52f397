"""The machine Tiercel runs on: its processes, users, cgroups and privileges, and what it can do."""
