"""Alerts, containers and how somebody came into them, in words."""
