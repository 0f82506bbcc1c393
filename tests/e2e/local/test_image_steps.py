"""The `Dockerfile`'s own steps build a worker that starts, with an old pip and with the newest.

The steps run in folders instead of an image; what they may not do here is to add a user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.test_dockerfile import INSTRUCTIONS

ROOT: Final = Path(__file__).parents[3]
PIPS: Final = ("pip==24.0", "pip")
LIMIT_S: Final = 300.0

pytestmark = [pytest.mark.image, pytest.mark.timeout(2 * LIMIT_S)]


def python_of_the_image() -> str:
    """A Python 3.12, as the image has; where there is none, the one of the tests."""
    candidates = sorted(Path.home().glob(".pyenv/versions/3.12.*/bin/python"))
    found = [*map(str, candidates), shutil.which("python3.12")]
    return next((one for one in found if one and _is_3_12(one)), sys.executable)


def _is_3_12(python: str) -> bool:
    told = subprocess.run([python, "-V"], capture_output=True, text=True, check=False)
    return told.stdout.startswith("Python 3.12.")


def run(command: str, folder: Path, programs: Path) -> None:
    """Run one step; its output is the failure's."""
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"


def copy(names: list[str], target: str, folder: Path) -> None:
    """Copy files and folders of the checkout, as `COPY` does."""
    for name in names:
        place = folder / target / Path(name).name if target.endswith("/") else folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, place)


def build(pip: str, folder: Path) -> Path:
    """Take all steps of the Dockerfile in a folder; returns what the last stage gets."""
    folder.mkdir()
    run(f"{python_of_the_image()} -m venv base", folder, folder)
    programs = folder / "base" / "bin"
    run(f"python -m pip install --quiet --upgrade {pip}", folder, programs)
    for word, rest in INSTRUCTIONS:
        if word == "COPY" and not rest.startswith("--from="):
            *names, target = rest.split()
            copy(names, target, folder)
        if word == "RUN" and "useradd" not in rest:
            here = rest.replace("/wheels", f"{folder}/wheels").replace("/opt/", f"{folder}/opt/")
            run(here, folder, programs)
    return folder / "opt" / "tiktok-events"


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What each pip has built, both at once: most of the time is waiting."""
    folder = tmp_path_factory.mktemp("image")
    with ThreadPoolExecutor(len(PIPS)) as threads:
        built = threads.map(lambda pip: build(pip, folder / pip.replace("=", "")), PIPS)
        return dict(zip(PIPS, built, strict=True))


@pytest.mark.parametrize("pip", PIPS)
def test_any_pip_builds_a_worker_that_starts(pip: str, environments: dict[str, Path]) -> None:
    """The oldest pip that is promised, and the newest there is."""
    program = environments[pip] / "bin" / "tiktok-events"
    told = subprocess.run([program, "worker", "--help"], capture_output=True, text=True, check=True)
    assert "Start a worker" in told.stdout


@pytest.mark.parametrize("pip", PIPS)
def test_the_last_stage_gets_no_tools_of_a_build(pip: str, environments: dict[str, Path]) -> None:
    """Neither an installer nor a build back end, nor the embedded server."""
    programs = {path.name for path in (environments[pip] / "bin").iterdir()}
    assert not [name for name in programs if name.startswith(("pip", "hatch", "valkey"))]
