"""Widgets that know rows and lines, but no sensor."""
