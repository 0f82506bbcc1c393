"""Who may ask for what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from tests.builders.nowhere import nowhere
from tests.builders.serving import Visitor, site
from worker.serving.access import authorize
from worker.serving.app import create_app
from worker.serving.tokens import Role, make_token

HERE = "http://127.0.0.1"


def visitor(tokens: Path | None = None, base_url: str = HERE, token: str | None = None) -> Visitor:
    """Asks a site that has a route for each role."""
    app = create_app(site(Redis.from_url(nowhere()), tokens))
    for role in Role:
        app.add_route(f"/{role}", _route(role))
    return Visitor(app, base_url, token)


def _route(role: Role) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return PlainTextResponse(authorize(request, role).name)

    return answer


@pytest.fixture
def tokens(tmp_path: Path) -> Path:
    """A file for tokens."""
    return tmp_path / "tokens"


def test_a_token_opens_what_its_role_covers(tokens: Path) -> None:
    """And the route knows whose it is."""
    token = make_token(tokens, "jo", Role.OPERATE)
    asking = visitor(tokens, token=token)
    answers = {role: asking.get(f"/{role}") for role in Role}
    assert {role: answer.status_code for role, answer in answers.items()} == {
        Role.VIEW: 200,
        Role.OPERATE: 200,
        Role.EDIT: 403,
        Role.ERASE: 403,
    }
    assert answers[Role.VIEW].text == "jo"
    assert answers[Role.EDIT].text == "jo has the role operate, and this needs edit"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic am86", "bearer\twrong"])
def test_who_has_no_token_is_told_how_to_give_one(tokens: Path, header: str) -> None:
    """401, and the scheme that is wanted."""
    make_token(tokens, "jo", Role.ERASE)
    answer = visitor(tokens).get("/view", headers={"Authorization": header})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_the_scheme_is_read_in_any_case(tokens: Path) -> None:
    """As HTTP wants it."""
    token = make_token(tokens, "jo", Role.VIEW)
    assert visitor(tokens).get("/view", headers={"Authorization": f"bearer {token}"}).is_success


@pytest.mark.parametrize("name", [HERE, "http://localhost:8321", "http://[::1]:8321"])
def test_without_tokens_this_machine_may_look_and_no_more(name: str) -> None:
    """Nobody acts without a name for the audit."""
    asking = visitor(base_url=name)
    assert [asking.get(f"/{role}").status_code for role in Role] == [200, 403, 403, 403]


@pytest.mark.parametrize("name", ["http://attacker.example", "http://10.0.0.1:8321", "http://a@b["])
def test_without_tokens_no_other_name_is_answered_to(name: str) -> None:
    """A page elsewhere may lead a name of its own to this machine."""
    host = name.removeprefix("http://")
    assert visitor().get("/view", headers={"Host": host}).status_code == 403


def test_a_probe_needs_no_token(tokens: Path) -> None:
    """An orchestrator has none."""
    make_token(tokens, "jo", Role.VIEW)
    assert visitor(tokens).get("/live", headers={"Host": "pod-7"}).text == "live\n"
