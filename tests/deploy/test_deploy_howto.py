"""What docs/howto says of scraping works."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import yaml

from gridran.runtime.service_config import EmulatorConfig, RappConfig, XappConfig, read_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "scrape-it.md").read_text(encoding="utf-8")


def test_the_three_files_of_the_page_are_configurations_that_fit(tmp_path: Path) -> None:
    """Every key is known, the services find one another, and each serves metrics on a port of its own."""
    files = dict(re.findall(r"^`(\w+)\.toml`\n\n```toml\n(.*?)^```$", PAGE, re.M | re.S))
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    emulator = read_config(tmp_path / "emulator", EmulatorConfig)
    xapp, rapp = read_config(tmp_path / "xapp", XappConfig), read_config(tmp_path / "rapp", RappConfig)
    assert xapp.connect.e2 == rapp.connect.o1 == emulator.listen.e2
    assert rapp.connect.a1 == xapp.listen.a1
    assert len({emulator.listen.http, xapp.listen.http, rapp.listen.http}) == 3


def test_the_command_of_the_page_makes_a_configuration_for_them(promtool: Callable[..., str], tmp_path: Path) -> None:
    """Prometheus takes it: the ports of the page, and the committed rules by their full path."""
    (command,) = re.findall(r"^(mkdir -p out/prometheus\n.*?prometheus\.yml)\nprometheus ", PAGE, re.M | re.S)
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    subprocess.run(["bash", "-euc", command], cwd=tmp_path, check=True, timeout=30)
    made = tmp_path / "out" / "prometheus" / "prometheus.yml"
    assert "2 rule files found" in promtool("check", "config", made)
    jobs = yaml.safe_load(made.read_text())["scrape_configs"]
    targets = {job["job_name"]: job["static_configs"][0]["targets"][0] for job in jobs}
    assert targets == dict(re.findall(r"s\|(\w+):9464\|([\d.:]+)\|", command))
    assert set(targets.values()) == set(re.findall(r'^http = "(.*)"$', PAGE, re.M))
