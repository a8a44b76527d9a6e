"""``python -m lacuna_engine.worker``."""

import sys

from lacuna_engine.worker.process import main

sys.exit(main())
