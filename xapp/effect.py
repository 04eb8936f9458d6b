"""An acknowledgement is not enforcement: compare what was ordered with what the next report shows."""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, Dispatch, Snapshot

_V2G_TOLERANCE_KW = 0.01


def sites_without_effect(control: Dispatch, snapshot: Snapshot) -> BoolArray:
    """Sites [N] whose mode, carriers or cars in ``snapshot`` are not what the ``control`` of the period before ordered.

    A site that has no power cannot follow anything and is not counted. Cars may give less than was asked (they need
    not sell, the battery may be full), never more.
    """
    powered = snapshot.site_up | snapshot.grid_up
    differs = (snapshot.mode != control.mode) | (snapshot.band_on != control.band_on).any(axis=1)
    differs |= snapshot.v2g_kw > control.v2g_kw + _V2G_TOLERANCE_KW
    return np.asarray(powered & differs, dtype=np.bool_)
