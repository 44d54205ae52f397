"""Incident bundles: what is known of an alert, or of several, as a folder and an archive."""
