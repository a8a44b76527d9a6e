"""``python -m lacuna_engine.cli``."""

from lacuna_engine.cli.main import main

main()
