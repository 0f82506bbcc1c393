"""What the tests of the example shops share: a shop started from its README."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.builders.environment import environment
from tests.builders.program import Process
from tests.builders.wait import wait_until
from worker.local.loopback import HOST, free_port

EXAMPLES: Final = Path(__file__).parents[3] / "examples"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop that runs.

    Attributes:
        url: of its product page.
        process: what runs.
    """

    url: str
    process: Process

    def is_open(self) -> bool:
        """Whether it answers."""
        self.process.check()
        try:
            return httpx.get(self.url).is_success
        except httpx.TransportError:
            return False


def commands(readme: Path) -> str:
    """The commands of a README, as a shell script; what they install is there."""
    (block,) = re.findall(r"^```console\n(.*?)^```", readme.read_text(), re.MULTILINE | re.DOTALL)
    typed = [line.removeprefix("$ ") for line in block.splitlines()]
    return "\n".join(line for line in typed if not line.startswith("python -m pip install"))


@pytest.fixture
def process_type() -> type[Process]:
    """What runs a program with its children, and ends all of them."""
    return Process


@pytest.fixture
def start_shop(redis_url: str, tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """`start_shop("flask", SETUP="pixel")`: runs what its README says, until it answers."""
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with ExitStack() as stack:

        def start(name: str, **settings: str) -> Shop:
            port, folder = free_port(), EXAMPLES / name
            variables = {"PATH": programs, "PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
            process = Process(
                ["bash", "-ec", commands(folder / "README.md")],
                tmp_path / f"{name}.log",
                cwd=EXAMPLES.parent,
                env=environment({"REDIS_URL": redis_url, **settings}) | variables,
            )
            shop = Shop(f"http://{HOST}:{port}/", stack.enter_context(process))
            wait_until(shop.is_open)
            return shop

        yield start
