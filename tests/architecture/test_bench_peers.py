"""The peers of the benchmark stand alone: their pins are complete, and they know nothing of us."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

BENCH = Path(__file__).parents[2] / "bench"
PEERS = BENCH / "designs" / "peers"
OURS = {"worker", "tasks", "schemas", "tiktok_events"}
ASKED = re.compile(r"^([A-Za-z0-9._-]+)", re.MULTILINE)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==\S+ \\\n +--hash=sha256:[0-9a-f]{64}", re.MULTILINE)
PACKAGES = [BENCH, BENCH / "designs", BENCH / "lab"]
RUN_BY_PEERS = [
    *PEERS.glob("*.py"),
    *BENCH.glob("designs/plain/*.py"),
    BENCH / "lab" / "producer.py",
    BENCH / "lab" / "copies.py",
    BENCH / "lab" / "program.py",
    *(package / "__init__.py" for package in PACKAGES),
]


def roots_imported_by(file: Path) -> set[str]:
    """The packages that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("asked", sorted(PEERS.glob("*.in")), ids=lambda file: file.stem)
def test_all_that_a_peer_asks_for_is_pinned_with_hashes(asked: Path) -> None:
    """Every name of the .in has an exact version and a hash in the .txt beside it."""
    pinned = set(PINNED.findall(asked.with_suffix(".txt").read_text()))

    missing = set(ASKED.findall(asked.read_text())) - pinned

    assert missing == set()


@pytest.mark.parametrize("pins", sorted(PEERS.glob("*.txt")), ids=lambda file: file.stem)
def test_pins_name_no_package_index(pins: Path) -> None:
    """Where packages come from is the business of the machine."""
    assert "://" not in pins.read_text()


@pytest.mark.parametrize("file", RUN_BY_PEERS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_what_runs_in_a_peers_environment_imports_nothing_of_ours(file: Path) -> None:
    """Our packages are not installed there, and must not speed a peer up."""
    assert roots_imported_by(file) & OURS == set()
