"""What others install is the client alone: types, scripts and schema in it, nothing heavy."""

from __future__ import annotations

import email
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path
from typing import Final

import pytest

CLIENT: Final = Path(__file__).parents[2] / "client"


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
