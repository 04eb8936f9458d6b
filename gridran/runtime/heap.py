"""Memory that is freed in one period stays with the process for the next."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_OPTIONS = {-1: 1 << 30, -3: 1 << 25}  # mallopt(3): M_TRIM_THRESHOLD, and M_MMAP_THRESHOLD at the most it can be


def keep_freed_memory() -> None:
    """Arrays of some 100 kB come and go by the thousand; glibc would give each back to the kernel and get it anew, page
    by page. Does nothing with another C library."""
    with suppress(OSError, AttributeError, TypeError):
        libc = ctypes.CDLL(None)
        for option, value in _OPTIONS.items():
            libc.mallopt(option, value)
