"""``python -m rapp --config FILE``."""

from __future__ import annotations

import sys

from gridran.runtime.process import main
from rapp.service import run

if __name__ == "__main__":
    sys.exit(main("rapp", run))
