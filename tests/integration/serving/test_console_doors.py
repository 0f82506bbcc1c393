"""Who comes into the console, what they may, and what no other page can make them do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

import click
import pytest
import requests
from redis import Redis

from tests.builders.consoles import OTHER, SHOP, Browser, Console, plant
from tests.looks import leaves
from worker.cli.commands import Sign
from worker.cli.main import main
from worker.serving.console.places import ELSEWHERE, OPTIONS_ELSEWHERE, PLACES, Place
from worker.serving.console.session import COOKIE
from worker.serving.tokens import Role

READ: Final[dict[bytes, Callable[[Redis, bytes], Any]]] = {
    b"string": lambda redis, key: redis.get(key),
    b"hash": lambda redis, key: redis.hgetall(key),
    b"zset": lambda redis, key: redis.zrange(key, 0, -1, withscores=True),
    b"list": lambda redis, key: redis.lrange(key, 0, -1),
    b"stream": lambda redis, key: redis.xrange(key),
}
CONSOLES_OWN: Final = b"console:"
FILLED: Final = {"{key}": OTHER, "{letter_id}": "1-0", "{number:int}": "1", "{entry_id}": "1-0"}


OF_TERMINALS: Final = frozenset(
    {"--yes", "--json", "--dry-run", "--all", "--output", "--reason", "--code", "--field"}
    | {"--event", "--destination", "--source", "--since", "--until", "--ambiguous"}
    | {"--recoverable", "--event-id", "--text"}
)
"""Filters, which every list has, and what only a terminal needs."""

OPTIONS_HERE: Final = {
    "dead edit --set",
    "dead edit --unset",
    "dead edit --new-identity",
    "dead edit --accept-duplicates",
    "dead export --format",
    "dead export --decimal",
    "dead replay --accept-duplicates",
    "dead replay --rate",
    "destinations resume --bury",
    "erase --email",
    "erase --phone",
    "erase --external-id",
}
"""Each has a test of its own."""


def options_of(command: str) -> set[str]:
    """The options of a command, by its words."""
    found: click.Command = main
    for word in command.split():
        found = cast("click.Group", found).commands[word]
        found = found.load() if isinstance(found, Sign) else found
    return {option for one in found.params for option in one.opts if option.startswith("--")}


def path_of(place: Place) -> str:
    """An address of a place that has something in it."""
    path = place.path
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


def state_of(redis: Redis) -> dict[bytes, Any]:
    """All that is stored, but what the console remembers of its visitors."""
    keys = [key for key in redis.scan_iter() if CONSOLES_OWN not in key]
    return {key: READ[cast("bytes", redis.type(key))](redis, key) for key in keys}


def test_every_command_of_operators_has_its_place() -> None:
    """Or a reason why it has none."""
    commands = {" ".join(path) for path in leaves()}
    placed = {command for place in PLACES for command in place.commands}
    assert placed | ELSEWHERE.keys() == commands
    assert not placed & ELSEWHERE.keys()


def test_every_option_of_an_act_has_its_place() -> None:
    """It has a field of a form, or a reason why it has none."""
    acts = {command for place in PLACES if place.posts for command in place.commands}
    options = {
        f"{command} {option}"
        for command in acts - {"send"}  # the console sends a sample, no file
        for option in options_of(command) - OF_TERMINALS
    }
    assert {one.partition(" --")[0] for one in OPTIONS_ELSEWHERE} <= {
        one.partition(" --")[0] for one in options
    }
    assert options - OPTIONS_ELSEWHERE.keys() == OPTIONS_HERE


@pytest.mark.parametrize("role", Role)
def test_nobody_acts_beyond_their_role(redis: Redis, site: Console, role: Role) -> None:
    """All routes are walked, as by whoever knows every address; nothing changes."""
    plant(redis)
    browser = site.browser(role)
    mark = mark_of(browser)
    before = state_of(redis)
    beyond = [place for place in PLACES if not role.covers(place.role)]
    for place in beyond:
        answer = (
            browser.post(path_of(place), mark=mark)
            if place.posts
            else browser.get(path_of(place)).answer
        )
        assert answer.status_code == 403, place
        assert f"This needs the role {place.role}" in answer.text
    assert state_of(redis) == before


@pytest.mark.parametrize("role", Role)
def test_looking_changes_nothing(redis: Redis, site: Console, role: Role) -> None:
    """Whatever page somebody opens, and however often."""
    plant(redis)
    browser, before = site.browser(role), state_of(redis)
    for place in PLACES:
        if not place.posts and role.covers(place.role):
            assert browser.get(path_of(place)).status in {200, 404}, place
    assert state_of(redis) == before


@pytest.mark.parametrize("place", [place for place in PLACES if place.posts], ids=path_of)
def test_a_form_of_another_page_does_nothing(redis: Redis, site: Console, place: Place) -> None:
    """Without the mark of the session, or from another site."""
    plant(redis)
    browser = site.browser(Role.ERASE)
    mark, before = mark_of(browser), state_of(redis)
    assert browser.post(path_of(place)).status_code == 403
    assert browser.post(path_of(place), mark="0" * 64).status_code == 403
    browser.session.headers["Sec-Fetch-Site"] = "cross-site"
    assert browser.post(path_of(place), mark=mark).status_code == 403
    assert state_of(redis) == before


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.posts}-{path_of(place)}")
def test_nobody_sees_anything_without_a_token(site: Console, place: Place) -> None:
    """They are asked to sign in, and come back to where they wanted."""
    method = "POST" if place.posts else "GET"
    answer = requests.request(method, site.url + path_of(place), allow_redirects=False, timeout=10)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/signin?next=%2F")


def test_every_answer_says_what_a_browser_may_do_with_it(site: Console) -> None:
    """No inline script, nothing of others, in no frame, kept by nobody."""
    browser = site.browser(Role.VIEW)
    for path in ("/", "/dead?reason=wrong", "/acts/none", "/signin"):
        headers = browser.get(path).answer.headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


def test_the_mark_of_a_session_stands_in_no_address(redis: Redis, site: Console) -> None:
    """A form that is asked for by GET would put it there, and into histories."""
    plant(redis)
    browser = site.browser(Role.ERASE)
    paths = [path_of(place) for place in PLACES if not place.posts]
    for path in (*paths, "/dead?reason=rejected", "/dead/edit?reason=rejected"):
        asking = [form for form in browser.get(path).forms if form.method == "get"]
        assert not any(form.marked for form in asking), path


def test_no_page_has_anything_inline(redis: Redis, site: Console) -> None:
    """Neither a style nor a script nor a handler, nor a thing of another site."""
    plant(redis)
    browser = site.browser(Role.ERASE)
    for place in PLACES:
        if not place.posts:
            html = browser.get(path_of(place)).html
            assert not re.search(r"<script(?! src=\"/)|<style|\sstyle=|\son\w+=", html), place
            assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", html), place


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(site: Console) -> None:
    """It holds no token; on another name than this machine's it is for TLS alone."""
    browser = site.browser(Role.VIEW)
    cookie = next(one for one in browser.session.cookies if one.name == COOKIE)
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    assert site.tokens[Role.VIEW] not in str(cookie.value)
    answer = requests.post(
        f"{site.url}/signin",
        data={"token": site.tokens[Role.VIEW]},
        headers={"Host": "console.shop.example"},
        allow_redirects=False,
        timeout=10,
    )
    assert f"__Host-{COOKIE}=" in answer.headers["Set-Cookie"]
    assert "; Secure" in answer.headers["Set-Cookie"]


def test_guessing_ends_after_five_tries(site: Console) -> None:
    """Even the right token waits then."""
    browser = Browser(site.url)
    told = [browser.post("/signin", token="wrong", next="/") for _ in range(5)]
    assert [answer.status_code for answer in told] == [403] * 5
    assert "4 tries are left" in told[0].text
    assert browser.post("/signin", token=site.tokens[Role.VIEW], next="/").status_code == 429


def test_signing_out_ends_the_session(site: Console) -> None:
    """In this browser."""
    browser = site.browser(Role.VIEW)
    browser.post("/signout")
    assert "Sign in" in browser.get("/").text


def test_destinations_are_told_by_their_names_only_where_asked(site: Console) -> None:
    """An unknown one is no error of the server."""
    assert site.browser(Role.VIEW).get(f"/destinations/{SHOP}").status == 404


def test_an_address_of_nothing_says_so(site: Console) -> None:
    """With the headers of every page; whoever asks needs no token to be told."""
    page = Browser(site.url).get("/dead-letters")
    assert page.status == 404
    assert "There is no page at this address" in page.text
    assert "frame-ancestors 'none'" in page.answer.headers["Content-Security-Policy"]


def mark_of(browser: Browser) -> str:
    """The mark that the forms of a session carry, as a page that knew it would send it."""
    html = browser.get("/setup").html
    found = re.search(r'name="mark" value="(\w+)"', html)
    assert found is not None
    return found[1]
