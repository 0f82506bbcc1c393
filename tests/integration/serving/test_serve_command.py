"""`tiktok-events serve` listens, ends in order, and refuses what is not safe."""

from __future__ import annotations

import socket
from pathlib import Path
from unittest.mock import patch

import pytest
import requests

from tests.builders.commands import tiktok_events
from tests.builders.serving import Serving
from worker.serving.tokens import Person, Role, Tokens


def test_it_answers_and_ends_in_order(redis_url: str) -> None:
    """A SIGTERM is no failure."""
    with Serving(REDIS_URL=redis_url) as serving:
        assert requests.get(f"{serving.url}/live", timeout=10).text == "live\n"
        assert serving.terminate() == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "shop.example"])  # noqa: S104 — because it is refused
def test_it_listens_to_other_machines_only_with_tokens(host: str) -> None:
    """The sentence says which setting is missing, and how a token is made."""
    result = tiktok_events("serve", "--host", host)
    assert result.exit_code == 1
    assert "TIKTOK_EVENTS_SERVE_TOKENS_FILE must be given" in result.stderr
    assert "tiktok-events serve token NAME --role view" in result.stderr


def test_a_taken_port_is_named() -> None:
    """And no traceback is shown."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = tiktok_events("serve", "--port", str(port))
    assert result.exit_code == 1
    told = f"Error: cannot listen at 127.0.0.1, port {port}: Address already in use"
    assert result.stderr.startswith(told)


def test_a_missing_extra_is_named() -> None:
    """With what is to be installed."""
    with patch("worker.cli.serve.find_spec", lambda name: None if name == "uvicorn" else True):
        result = tiktok_events("serve")
    assert result.exit_code == 1
    assert "uvicorn cannot be imported: `serve` is an extra" in result.stderr


def test_a_token_is_printed_once_and_works(tmp_path: Path) -> None:
    """The file is made; standard output has the token alone, so that a script can take it."""
    path = tmp_path / "tokens"
    result = tiktok_events(
        "serve", "token", "prometheus", "--role", "view", SERVE_TOKENS_FILE=str(path)
    )
    assert Tokens(path).person(result.stdout.strip()) == Person("prometheus", Role.VIEW)


@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        (("jo", "--role", "view"), {}, "TIKTOK_EVENTS_SERVE_TOKENS_FILE must be given"),
        (("j o", "--role", "view"), {}, "must be 1 to 64 letters from A to Z"),
        (("jo", "--role", "root"), {}, "'root' is not one of 'view', 'operate', 'edit', 'erase'"),
        (
            ("jo", "--role", "view"),
            {"SERVE_TOKENS_FILE": "/nonexistent/tokens"},
            "/nonexistent/tokens: No such file or directory",
        ),
    ],
)
def test_a_token_that_cannot_be_made_is_explained(
    words: tuple[str, ...], settings: dict[str, str], told: str
) -> None:
    """What is wrong, and what is allowed."""
    result = tiktok_events("serve", "token", *words, **settings)
    assert result.exit_code in {1, 2}
    assert told in result.stderr
