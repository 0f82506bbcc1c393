"""What the tests of files share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders.readers import Reader


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A reader with a folder of its own."""
    return Reader(tmp_path)
