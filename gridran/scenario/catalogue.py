"""Where scenarios are: shipped ones by name, others by path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from gridran.scenario.problem import Problem, ScenarioError, did_you_mean


def shipped() -> dict[str, Path]:
    """Shipped scenarios by name."""
    root = Path(str(resources.files("gridran.scenario") / "data"))
    return {path.stem: path for path in sorted(root.glob("*.toml"))}


def find(path_or_name: str | Path) -> Path:
    """The file of a scenario; a shipped name wins over a file of that name. ScenarioError: there is none."""
    path, known = Path(path_or_name), shipped()
    if str(path_or_name) in known:
        return known[str(path_or_name)]
    if path.is_file():
        return path
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise ScenarioError([Problem(str(path), 0, "", "no such file; check the path")])
    words = f"no such file and no shipped scenario; {did_you_mean(str(path), known)}"
    raise ScenarioError([Problem(str(path), 0, "", words)])
