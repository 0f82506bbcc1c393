"""The pins hold whatever an installation needs, on each Python that the project supports."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

PINS = Path(__file__).parents[2] / "requirements"
NEEDS = {
    canonicalize_name(one.name): [Requirement(line) for line in one.requires or ()]
    for one in distributions()
}


def pinned(name: str) -> set[NormalizedName]:
    """The packages of one file of pins."""
    found = re.findall(r"^([\w.-]+)==", (PINS / f"{name}.txt").read_text(), re.MULTILINE)
    return {canonicalize_name(one) for one in found}


@pytest.mark.parametrize("version", ["3.11.0", "3.12.0", "3.13.0", "3.14.0"])
@pytest.mark.parametrize("name", ["worker", "otel", "demo", "dev"])
def test_a_pinned_package_needs_nothing_that_is_not_pinned(name: str, version: str) -> None:
    """`pip install --require-hashes` refuses everything otherwise.

    The pins are compiled on one Python, which passes over what only another one needs:
    redis-py needs async-timeout before Python 3.11.3, which is what Debian 12 has.
    """
    python = {"python_full_version": version, "python_version": version.rpartition(".")[0]}
    environment = {"extra": "", **python}  # the rest is as on this machine
    pins = pinned(name)
    missing = {
        f"{package} needs {need}"
        for package in pins & NEEDS.keys()
        for need in NEEDS[package]
        if (need.marker is None or need.marker.evaluate(environment))
        and canonicalize_name(need.name) not in pins
    }
    assert missing == set()
