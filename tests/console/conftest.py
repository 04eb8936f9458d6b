"""Made-up outcomes for the tests of this folder."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from studies.kpis import KpiAccumulator, RunMeta
from studies.recorder import RunFacts, RunRecorder

NOBODY = 65534


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """tests/synthetic_outcomes.py."""
    path = Path(__file__).parents[1] / "synthetic_outcomes.py"
    spec = importlib.util.spec_from_file_location("synthetic_outcomes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def run_dir(synthetic: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded run of seven sites over two hours, come to its end."""
    out = tmp_path_factory.mktemp("run")
    network = synthetic.network(1)
    kpis = KpiAccumulator.for_network(network)
    with RunRecorder(out, RunFacts("msrc", "medium", 1, 2.0, "paper", network)) as recorder:
        for outcome in synthetic.blackout(network, periods=240, ues=100):
            kpis.add(outcome)
            recorder.add(outcome)
        recorder.finish(kpis.result(RunMeta("msrc", "medium", 1, 3.5, (20.0, 30.0))))
    return out


@pytest.fixture
def stranger() -> Iterator[None]:
    """A user whom modes of files stop, which they do not where the tests are root's."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(own)
