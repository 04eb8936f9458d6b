"""Who serves whom (6): one site per user, the strongest that may, or as the whole network's program says.

While every site can carry all users that hear it strongest, that is an optimum of (27): everybody is at full demand.
Only where some site cannot, the piecewise-linear program decides over all options, and users whom it splits go to
the site with the larger share.
"""

from __future__ import annotations

import numpy as np

from gridran.types import BoolArray, IntArray
from xapp.dispatch.bandwidth import share
from xapp.dispatch.efficiency import Radio
from xapp.dispatch.sharing import Power, shares_of
from xapp.dispatch.task import DispatchTask


def strongest(radio: Radio) -> IntArray:
    """Option number [U] of the strongest site that can serve each user, 0 where there is none."""
    return np.argmax(radio.rate_mbps.max(axis=2) > 0, axis=1)


def associate(task: DispatchTask, radio: Radio, power: Power, fits: BoolArray) -> IntArray:
    """Option number [U] of each user when the strongest choice does not fit at all sites (``fits`` [N])."""
    default = strongest(radio)
    rows = np.arange(len(default))
    crowded = ~fits[np.maximum(radio.candidate[rows, default], 0)]
    choices = (radio.rate_mbps.max(axis=2) > 0).sum(axis=1)
    if not (crowded & (choices > 1)).any():
        return default
    users = np.flatnonzero(choices > 0)
    problem = shares_of(task, power, users, radio.candidate[users], radio.rate_mbps[users], radio.allowed)
    rates = share(problem)
    if rates is None:
        return default
    given = rates.sum(axis=2)
    chosen = default.copy()
    chosen[users] = np.where(given.max(axis=1) > 1e-9, np.argmax(given, axis=1), default[users])
    return chosen
