"""Who counts as served, and the shares built on it (SPEC 7). Pure functions of one ``StepOutcome``."""

from __future__ import annotations

import numpy as np

from gridran.lost import FULL_TOLERANCE
from gridran.service import BEST_EFFORT_SERVED_FRAC
from gridran.types import BoolArray, FloatArray, IntArray, ServiceClass, ShedReason, StepOutcome

CLASS_COUNT = len(ServiceClass)
CLASS_NAMES = tuple(c.name.lower() for c in ServiceClass)
SLA_TARGET_FRAC = (1.0, 0.95, 0.80, 0.50)  # MSRC Table III, in ServiceClass order


def fully_served(outcome: StepOutcome) -> BoolArray:
    """Users [U] that get all they ask for, up to a relative 1e-6."""
    full: BoolArray = outcome.served_mbps >= outcome.demand_mbps * (1.0 - FULL_TOLERANCE)
    return full


def served(outcome: StepOutcome) -> BoolArray:
    """Users [U] at or above their minimum rate; best-effort users above half their demand."""
    best_effort = outcome.service_class == ServiceClass.BEST_EFFORT
    above_half = outcome.served_mbps > BEST_EFFORT_SERVED_FRAC * outcome.demand_mbps
    at_minimum = outcome.served_mbps >= outcome.min_rate_mbps * (1.0 - FULL_TOLERANCE)
    result: BoolArray = np.where(best_effort, above_half, at_minimum)
    return result


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


def shed_counts(outcome: StepOutcome) -> IntArray:
    """Users by class and shed reason, shape [4, 6]; column 0 counts the served."""
    reasons = len(ShedReason)
    cell = outcome.service_class * reasons + outcome.shed_reason
    return np.bincount(cell, minlength=CLASS_COUNT * reasons).reshape(CLASS_COUNT, reasons).astype(np.int64)
