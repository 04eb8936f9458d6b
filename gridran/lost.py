"""When a run ends before its hours: the network is lost (docs/adr/0003). Shared by the emulator and the studies."""

from __future__ import annotations

from gridran.service import fully_served
from gridran.types import ServiceClass, StepOutcome

ALIVE_FRAC = 0.5
LOST_AFTER_H = 0.5
_EPSILON = 1e-9


def critical_availability_frac(outcome: StepOutcome) -> float:
    """Share of emergency and voice users served at full demand; 1 where there are none (SPEC 7)."""
    users = outcome.service_class <= ServiceClass.VOICE
    return float(fully_served(outcome)[users].mean()) if users.any() else 1.0


def failing_for_h(before_h: float, outcome: StepOutcome) -> float:
    """How long critical availability has been below 50 % on end, with ``before_h`` up to this period."""
    return 0.0 if critical_availability_frac(outcome) >= ALIVE_FRAC else before_h + outcome.dt_h


def is_lost(failing_h: float) -> bool:
    """Below 50 % for 30 minutes on end."""
    return failing_h >= LOST_AFTER_H - _EPSILON
