"""Where what is written from the screen goes."""

FOLDER = "tiercel-incidents"
"""In the home of whoever looks."""
