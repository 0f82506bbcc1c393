"""What is deployed is in order: units, the chart, the example of a destinations file."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.architecture.test_compose_file import SERVICES
from worker.delivery.destinations import Destinations
from worker.delivery.labels import Labels
from worker.settings import Settings

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
CHART: Final = DEPLOY / "helm" / "tiktok-events"
UNIT: Final = DEPLOY / "systemd" / "tiktok-events-worker@.service"
SERVE_UNIT: Final = UNIT.with_name("tiktok-events-serve.service")
VERSION: Final = re.search(
    r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
)


def test_a_worker_accepts_the_example_of_a_destinations_file(tmp_path: Path) -> None:
    """Once the variables are there that it names, and each destination has a label."""
    copy = tmp_path / "destinations.toml"
    shutil.copyfile(DEPLOY / "destinations.example.toml", copy)
    tokens = dict.fromkeys(re.findall(r'access_token_env = "(\w+)"', copy.read_text()), "token")
    found = Destinations(Settings.load({}, destinations_file=copy), tokens).configured()
    labels = Labels.read(copy)
    assert len(found) == len(tokens) == 3
    assert [labels.of(":".join(source)) for source in found] == ["Shop DE", "Shop AT", "Stores"]


def test_compose_mounts_the_file_that_the_environment_names() -> None:
    """And nothing where it names none: the setting is empty then, and so is the file."""
    worker = SERVICES["worker"]
    (mounted,) = worker["volumes"]
    name = "TIKTOK_EVENTS_DESTINATIONS_FILE"
    assert mounted["source"] == f"${{{name}:-/dev/null}}"
    assert worker["environment"][name] == f"${{{name}:+{mounted['target']}}}"
    assert mounted["read_only"] is True


@pytest.mark.parametrize("file", [UNIT, SERVE_UNIT], ids=["worker", "serve"])
def test_systemd_accepts_the_unit(tmp_path: Path, file: Path) -> None:
    """Every line of it; only the program is not here."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / file.name.replace("@", "@1")
    program = re.compile(r"^ExecStart=.*", re.MULTILINE)
    unit.write_text(program.sub("ExecStart=/bin/true", file.read_text()))
    done = subprocess.run(
        [analyze, "verify", str(unit)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_gives_a_worker_a_minute_and_no_rights() -> None:
    """As the other ways to run one do."""
    lines = UNIT.read_text().splitlines()
    wanted = {
        *("KillMode=mixed", "TimeoutStopSec=60", "Restart=always", "CapabilityBoundingSet="),
        *("NoNewPrivileges=yes", "ProtectSystem=strict", "User=tiktok-events"),
    }
    assert wanted <= set(lines)


def test_the_units_are_hardened_alike() -> None:
    """What one of them may not do, the other may not either."""
    hardening = [
        file.read_text().partition("CapabilityBoundingSet=")[2] for file in (UNIT, SERVE_UNIT)
    ]
    assert hardening[0] == hardening[1] != ""


def test_the_chart_has_the_version_of_the_project() -> None:
    """Its default image is the one that this checkout builds."""
    chart: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert VERSION is not None
    assert (chart["version"], chart["appVersion"]) == (VERSION[1], VERSION[1])


def test_the_schema_of_the_chart_knows_every_value() -> None:
    """And no other: a misspelt value is refused, not passed over."""
    values: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    schema: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
    assert _names(values, schema) == []


def _names(values: dict[str, Any], schema: dict[str, Any], at: str = "") -> list[str]:
    """Values that only one of the two has."""
    known = schema["properties"]
    found = [f"{at}{name}" for name in {*values} ^ {*known} - {"global", "claims"}]
    for name, value in values.items():
        if isinstance(value, dict) and known.get(name, {}).get("properties"):
            found += _names(value, known[name], f"{at}{name}.")
    return found
