"""Named randomness: every draw is a function of (seed, name, step) alone.

Because nothing else enters, two runs with the same seed see the same users, walks, channels, cars and weather
whatever the controllers do: trials are paired over strategies, and ``advance`` stays a pure function.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np


@dataclass(frozen=True, slots=True)
class Streams:
    """A family of generators that belongs to one seed (>= 0)."""

    seed: int

    def at(self, name: str, step: int = 0) -> np.random.Generator:
        """A fresh generator for the phenomenon ``name`` at ``step`` (>= 0); equal arguments give equal draws."""
        # crc32, unlike hash(), is the same in every process.
        key = np.random.SeedSequence(self.seed, spawn_key=(crc32(name.encode()), step))
        return np.random.Generator(np.random.PCG64(key))
