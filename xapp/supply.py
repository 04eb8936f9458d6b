"""What a site's own plant can give in the coming period: a policy's budget is never worth more than that.

The budget of a policy is set for a quarter of an hour, in which cars come and go, so it counts a full V2X interface. In
the period ahead there is only the battery's discharge limit, the sun, and what the cars that sell now can deliver. A
grant beyond it would be cut by the plant, and the users would be dropped rather than placed elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridran.energy.battery import battery_arrays
from gridran.types import FloatArray, Network, Policy, Snapshot

SURE_FRAC = 0.99  # a site's draw is estimated with the interference of the last report
_SAME_USD = 1e-9


def within_supply(policy: Policy, network: Network, snapshot: Snapshot, period_h: float) -> Policy:
    """``policy`` with every budget cut to what the site can have within ``period_h`` h."""
    most_kw = SURE_FRAC * supply_kw(network, snapshot, policy.price_usd_per_kwh, period_h)
    return replace(policy, power_budget_kw=np.minimum(policy.power_budget_kw, most_kw))


def supply_kw(network: Network, snapshot: Snapshot, price_usd_per_kwh: FloatArray, period_h: float) -> FloatArray:
    """Battery discharge limit, PV and cars at the offer ``price_usd_per_kwh`` [N], kW [N]; infinite on the grid.

    Cars count where one took the standing offer and the new one is no lower: whether a higher one draws others shows
    in the next report.
    """
    battery_kw = battery_arrays(network).discharge_limit_kw
    kept = price_usd_per_kwh >= snapshot.price_usd_per_kwh - _SAME_USD
    sells = snapshot.ev_accepting & (snapshot.ev_connected > 0) & kept
    limit_kw = np.array([site.v2x_limit_kw for site in network.sites])
    cars_kw = np.where(sells, np.minimum(limit_kw, snapshot.ev_usable_kwh / period_h), 0.0)
    return np.where(snapshot.grid_up, np.inf, battery_kw + snapshot.pv_kw + cars_kw)
