"""``python -m emulator --config FILE``."""

from __future__ import annotations

import sys

from emulator.service import run
from gridran.runtime.process import main

if __name__ == "__main__":
    sys.exit(main("emulator", run))
