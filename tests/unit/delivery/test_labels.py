"""What people call destinations: read for looking, whatever else is wrong with the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.delivery.labels import Labels


def test_labels_are_read_without_the_tokens_that_a_worker_needs(tmp_path: Path) -> None:
    """Whoever clears dead letters has no token in the environment, and still sees the names."""
    path = tmp_path / "destinations.toml"
    path.write_text(
        '[[destinations]]\nevent_source_id = "PIXEL1"\nlabel = " Shop DE "\n'
        'access_token_env = "NOT_HERE"\n[[destinations]]\nevent_source_id = ""\nlabel = "x"\n'
    )
    labels = Labels.read(path)
    assert (labels.short("web:PIXEL1"), labels.key_of("shop de")) == ("Shop DE", "web:PIXEL1")
    assert labels.short("web:PIXEL1:TEST9") == "Shop DE, test TEST9"
    assert (labels.short("web:OTHER"), labels.of("junk")) == ("web:OTHER", None)


@pytest.mark.parametrize(
    "text", ["", "destinations = 3", "[[destinations]]\nlabel = 3", "}{", "\0"]
)
def test_a_file_that_cannot_be_read_has_no_labels(tmp_path: Path, text: str) -> None:
    """To look is possible all the same."""
    path = tmp_path / "destinations.toml"
    path.write_text(text)
    assert Labels.read(path).of("web:PIXEL1") is None
    assert Labels.read(path.with_name("absent.toml")).of("web:PIXEL1") is None
