"""``python -m tiercel``."""

from tiercel import main

main()
