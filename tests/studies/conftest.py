"""Made-up outcomes for the tests of this folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


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
