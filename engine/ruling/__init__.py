"""The rules in force, and how they change: switched, read again, edited, tried, and given exceptions."""
