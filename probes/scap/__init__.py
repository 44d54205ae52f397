"""Captures of Falco, sysdig and Stratoshark (``.scap``): the format's tables, read and judged like live events."""
