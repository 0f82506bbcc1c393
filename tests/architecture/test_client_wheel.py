"""What others install is the client alone: types, scripts and schema in it, nothing heavy."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
CLIENT: Final = ROOT / "client"
README: Final = (CLIENT / "README.md").read_text()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it would be published."""
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(directory)]
    subprocess.run(command, cwd=CLIENT, check=True, capture_output=True)
    [built] = directory.iterdir()
    return built


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """What an installer reads."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        return email.message_from_bytes(archive.read(name))


def test_it_needs_redis_phone_numbers_and_json_only(metadata: Message) -> None:
    """No Celery, no marshmallow; jsonschema comes with its extra."""
    needed = metadata.get_all("Requires-Dist", [])
    plain = sorted(one for one in needed if "extra ==" not in one)
    assert plain == ["orjson>=3.10", "phonenumbers>=9", "redis[hiredis]<9,>=6.4"]
    assert [one for one in needed if "jsonschema" in one and "extra == 'validate'" in one] != []


@pytest.mark.parametrize(
    "path",
    ["py.typed", "event/event.schema.json", "event/phone_table.json", "types/event.py"],
)
def test_it_holds_what_type_checkers_and_other_languages_read(wheel: Path, path: str) -> None:
    """Not only the modules."""
    with zipfile.ZipFile(wheel) as archive:
        assert f"tiktok_events/{path}" in archive.namelist()


INSTALLING: Final = re.findall(r"^\$ python (-m pip install .*)$", README, re.MULTILINE)


@pytest.mark.parametrize("typed", INSTALLING)
def test_it_is_installed_as_its_page_says(typed: str, tmp_path: Path) -> None:
    """By its path and by git, as the command is typed; what it needs is there already."""
    if "git+" in typed and not (ROOT / ".git").exists():
        pytest.skip("this is no repository")
    options = f"--no-deps --no-build-isolation --quiet --target {tmp_path}"
    command = f"{sys.executable} {typed} {options}"
    subprocess.run(["/bin/bash", "-c", command], cwd=ROOT, check=True, capture_output=True)
    assert (tmp_path / "tiktok_events" / "client.py").exists()


def test_it_is_installed_in_more_ways_than_one() -> None:
    """From the folder, and by git."""
    assert [("git+" in typed) for typed in INSTALLING] == [False, True]
