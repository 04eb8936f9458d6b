"""Who counts as served, and the shares built on it (SPEC 7). Pure functions of one ``StepOutcome``."""

from __future__ import annotations

import numpy as np

from gridran import service
from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass, StepOutcome

CLASS_COUNT = len(ServiceClass)
CLASS_NAMES = tuple(c.name.lower() for c in ServiceClass)
SLA_TARGET_FRAC = (1.0, 0.95, 0.80, 0.50)  # MSRC Table III, in ServiceClass order


def served(outcome: StepOutcome) -> BoolArray:
    """Users [U] at or above their minimum rate; best-effort users above half their demand."""
    return service.served(outcome.service_class, outcome.demand_mbps, outcome.min_rate_mbps, outcome.served_mbps)


def class_availability_frac(outcome: StepOutcome) -> FloatArray:
    """Share of each class that is served, shape [4]; 1 for a class without users."""
    return _class_share(outcome.service_class, served(outcome).astype(np.float64), np.ones(len(outcome.service_class)))


def class_volume_frac(outcome: StepOutcome) -> FloatArray:
    """Share of each class's asked-for volume that is delivered, shape [4]; 1 for a class that asks for nothing."""
    return _class_share(outcome.service_class, outcome.served_mbps, outcome.demand_mbps)


def _class_share(service_class: IntArray, part: FloatArray, whole: FloatArray) -> FloatArray:
    parts = np.bincount(service_class, part, minlength=CLASS_COUNT)
    wholes = np.bincount(service_class, whole, minlength=CLASS_COUNT)
    share: FloatArray = np.where(wholes > 0.0, parts / np.where(wholes > 0.0, wholes, 1.0), 1.0)
    return share
