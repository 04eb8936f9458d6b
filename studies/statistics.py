"""Means over trials with their 95 % confidence intervals, single and paired."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from gridran.types import FloatArray

Estimate = tuple[float, float]
"""Mean and half-width of its 95 % confidence interval; the half-width of a single trial is NaN."""


def mean_ci95(values: Sequence[float]) -> Estimate:
    """Mean of one trial or more, Student's t: t(0.975, n−1)·s/√n."""
    sample = np.asarray(values, dtype=np.float64)
    return float(sample.mean()), _half_width(sample - sample.mean())


def paired_gain(values: FloatArray, base: FloatArray) -> Estimate:
    """Gain of the mean of ``values`` over that of ``base``, both [L, n]: L loads, n trials of the same seeds.

    Per load R = mean(a)/mean(b); the gain is the mean of R − 1 over the loads. A trial's part in the error is
    (a − R·b)/mean(b), the mean over loads because its seed is the same: pairing cancels what a seed does to both.
    Unlike the mean of a/b it stands where a single b is 0. NaN where a whole base is 0.
    """
    base_mean = base.mean(axis=1, keepdims=True)
    if (base_mean <= 0.0).any():
        return float("nan"), float("nan")
    ratio = values.mean(axis=1, keepdims=True) / base_mean
    return float(ratio.mean() - 1.0), _half_width(((values - ratio * base) / base_mean).mean(axis=0))


def _half_width(deviation: FloatArray) -> float:
    """t(0.975, n−1)·s/√n of deviations [n] from their mean."""
    count = len(deviation)
    if count < 2:
        return float("nan")
    spread = np.sqrt((deviation**2).sum() / (count - 1))
    return float(stats.t.ppf(0.975, count - 1) * spread / np.sqrt(count))
