"""What the console and its tests carry of others is what its manifest says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
FOLDERS: Final = ("worker/serving/console/static/vendor", "tests/data/axe")
FREE: Final = {"0BSD", "MIT", "MPL-2.0"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_each_file_is_the_one_that_was_published(folder: str) -> None:
    """Its package, version and licence are told, and its digest is that of the registry's file."""
    manifest = json.loads((ROOT / folder / "manifest.json").read_text())
    files = {one.name for one in (ROOT / folder).iterdir()} - {"manifest.json"}
    assert manifest.keys() == files
    for name, told in manifest.items():
        content = (ROOT / folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == told["sha256"], name
        assert told["licence"] in FREE
