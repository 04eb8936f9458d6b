"""What the fast loop says about its decisions: structured lines for log, journal and ``gridran explain``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gridran.types import Dispatch, Network, Policy, ShedReason, SiteMode, Snapshot

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Note:
    """``kind``: "dispatch" | "fallback" | "policy-accepted" | "policy-rejected" | "control-failed" |
    "control-without-effect" | "dispatch-failed" | "stale-report" | "mode-change"."""

    kind: str
    fields: dict[str, Json]


def dispatched(snapshot: Snapshot, control: Dispatch) -> Note:
    """The decision of a period in figures: tier, modes, carriers on and users shed by reason."""
    shed = np.bincount(control.shed_reason, minlength=len(ShedReason))
    return Note(
        "dispatch",
        {
            "period": snapshot.period,
            "time_h": snapshot.time_h,
            "policy_id": control.policy_id,
            "strategy": control.strategy,
            "tier": control.tier.value,
            "modes": {m.name.lower(): int(np.sum(control.mode == m)) for m in SiteMode},
            "bands_on": int(control.band_on.sum()),
            "shed": {r.name.lower(): int(shed[r]) for r in ShedReason if r is not ShedReason.SERVED and shed[r]},
        },
    )


def mode_changes(network: Network, snapshot: Snapshot, before: Policy, now: Policy) -> list[Note]:
    """One note for each site whose mode changes as a slot of the policy begins: ``before`` and ``now`` are the policy
    as it stood and stands."""
    ids = [site.site_id for site in network.sites]
    return [
        Note(
            "mode-change",
            {
                "policy_id": now.policy_id,
                "time_h": snapshot.time_h,
                "site": ids[i],
                "from": SiteMode(int(before.mode[i])).name.lower(),
                "to": SiteMode(int(now.mode[i])).name.lower(),
                "helpers": [ids[helper] for helper, assisted in now.links if assisted == i],
                "helps": [ids[assisted] for helper, assisted in now.links if helper == i],
                "soc_frac": float(snapshot.soc_frac[i]),
            },
        )
        for i in np.flatnonzero(now.mode != before.mode).tolist()
    ]
