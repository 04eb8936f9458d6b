"""Can a dispatcher's answer be read at all? This is about shapes and indices; ``safety`` makes its values safe."""

from __future__ import annotations

import numpy as np

from gridran.types import Dispatch
from xapp.dispatch.task import DispatchTask


def control_problem(task: DispatchTask, control: object) -> str:
    """Why ``control`` is no answer to ``task``, naming the field; empty where it is one."""
    if not isinstance(control, Dispatch):
        return f"the dispatcher answered with {type(control).__name__}, not a Dispatch"
    sites, bands, users = task.network.site_count, task.network.band_count, len(task.snapshot.demand_mbps)
    shapes = {
        "mode": (sites,),
        "band_on": (sites, bands),
        "price_usd_per_kwh": (sites,),
        "v2g_kw": (sites,),
        "ev_charge_kw": (sites,),
        "ue_site": (users,),
        "rate_mbps": (users, bands),
        "shed_reason": (users,),
    }
    for name, shape in shapes.items():
        if np.shape(getattr(control, name)) != shape:
            return f"the dispatcher's {name} is of shape {np.shape(getattr(control, name))}, not {shape}"
    if not np.isin(control.ue_site, np.arange(-1, sites)).all():
        return "the dispatcher's ue_site names a site that does not exist"
    if (control.period, control.policy_id) != (task.snapshot.period, task.policy.policy_id):
        return "the dispatcher's control is for another period or policy"
    return ""
