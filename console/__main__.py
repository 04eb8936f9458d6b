"""``python -m console`` is ``gridran``."""

from __future__ import annotations

import sys

from console.main import main

sys.exit(main())
