"""``python -m qis_web.cli``."""

from qis_web.cli import main

main()
