"""A 30-minute outage as a transcript that a person can read. It changes only on purpose.

``GRIDRAN_WRITE_TRANSCRIPT=1 pytest tests/studies/test_studies_transcript.py`` writes it anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from gridran.scenario.params import Scenario
from gridran.types import SiteMode
from studies.availability import class_availability_frac
from studies.trial import Period, trial

TRANSCRIPT = Path(__file__).with_name("transcript_30min.txt")
EVERY = 10  # periods: five minutes


def line(period: Period) -> str:
    """One moment: time, sites by mode, carriers on, lowest charge, share served by class."""
    o = period.outcome
    modes = " ".join(f"{m.name.lower()}={int(np.sum(o.mode == m))}" for m in SiteMode)
    served = " ".join(f"{share:.0%}" for share in class_availability_frac(o))
    lit, charge = int(o.band_on.sum()), o.soc_frac.min()
    return f"{o.time_h * 60:4.0f} min  {modes}  carriers={lit}  charge={charge:.3f}  served {served}"


def test_a_30_minute_outage_goes_as_written(small_scenario: Scenario) -> None:
    """Seven sites under msrc, one seed: modes, carriers, charge and service every five minutes, as recorded."""
    periods = list(trial(small_scenario, "msrc", 1, 0.5))
    text = "\n".join(line(p) for p in (*periods[::EVERY], periods[-1])) + "\n"
    if os.environ.get("GRIDRAN_WRITE_TRANSCRIPT"):
        TRANSCRIPT.write_text(text, encoding="utf-8")
    assert text == TRANSCRIPT.read_text(encoding="utf-8")
