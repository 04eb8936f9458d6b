"""``python -m xapp --config FILE``."""

from __future__ import annotations

import sys

from gridran.runtime.process import main
from xapp.service import run

if __name__ == "__main__":
    sys.exit(main("xapp", run))
