"""Time-slots of a policy: which one is in force when."""

from __future__ import annotations

from dataclasses import replace

from gridran.types import Policy, PolicySlot

CLOCK_TOLERANCE_H = 1e-9  # a slot's start and a period's may differ in the last bit


def in_force(policy: Policy, time_h: float) -> Policy:
    """``policy`` as it stands at ``time_h``: the fields of the slot in force, and of ``slots`` those still to come.

    The fields of the policy itself are the first slot; a slot is in force from its ``from_h``, itself included, until
    the next one's. Everything else, such as ``policy_id`` and expiry, is kept. Whether it has expired is not asked.
    """
    slot, later = slot_in_force(policy.slots, time_h)
    if slot is None:
        return policy
    return replace(
        policy,
        mode=slot.mode,
        links=slot.links,
        band_planned=slot.band_planned,
        service_frac=slot.service_frac,
        slots=later,
    )


def slot_in_force(slots: tuple[PolicySlot, ...], time_h: float) -> tuple[PolicySlot | None, tuple[PolicySlot, ...]]:
    """The last of ``slots`` that has begun by ``time_h``, None before the first, and those that come after it."""
    begun = sum(slot.from_h <= time_h + CLOCK_TOLERANCE_H for slot in slots)
    return slots[begun - 1] if begun else None, slots[begun:]
