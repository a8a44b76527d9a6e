"""``python -m lacuna_gui``: the window."""

from __future__ import annotations

import sys

from lacuna_gui.app import main

if __name__ == "__main__":
    sys.exit(main())
