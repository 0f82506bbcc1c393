"""An authenticating proxy signs people in: its word counts, nobody else's."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from redis import Redis

from tests.builders.consoles import OTHER, Console, console, plant
from tests.builders.stores import store_of
from tiktok_events.errors import InvalidSetting
from worker.outbox.parking import Parking
from worker.serving.server import serve
from worker.settings import Settings

HEADER: Final = "X-Forwarded-Email"
PEOPLE: Final = """\
jo@shop.example operate proxy
"""


def behind(redis: Redis, folder: Path, networks: str) -> Iterator[Console]:
    """A console that believes proxies in these networks."""
    settings = {"serve_proxy_header": HEADER, "serve_proxy_networks": networks}
    with console(redis, folder, **settings) as site:
        with (folder / "tokens").open("a") as file:
            file.write(PEOPLE)
        yield site


@pytest.fixture
def site(redis: Redis, tmp_path: Path) -> Iterator[Console]:
    """A console behind a proxy on this machine."""
    yield from behind(redis, tmp_path, "127.0.0.0/8, 10.0.0.1")


def asked(site: Console, name: str, header: str = HEADER) -> requests.Response:
    """The page of destinations, as the proxy asks for it."""
    return requests.get(
        f"{site.url}/destinations", headers={header: name}, allow_redirects=False, timeout=10
    )


def test_a_header_that_stands_there_twice_is_not_believed(site: Console) -> None:
    """A proxy that appends its own leaves the visitor's in place."""
    host, _, port = site.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.putrequest("GET", "/destinations")
    for name in ("jo@shop.example", "mo@shop.example"):
        connection.putheader(HEADER, name)
    connection.endheaders()
    assert connection.getresponse().status == 303
    connection.close()


def test_whom_the_proxy_names_is_signed_in(redis: Redis, site: Console) -> None:
    """With the role of the file, and their name in the audit."""
    plant(redis)
    session = requests.Session()
    session.headers[HEADER] = "jo@shop.example"
    page = session.get(f"{site.url}/destinations/{OTHER.replace(':', '%3A')}", timeout=10)
    assert page.status_code == 200
    mark = page.text.partition('name="mark" value="')[2].partition('"')[0]
    address = f"{site.url}/destinations/{OTHER.replace(':', '%3A')}/resume"

    forged = session.post(address, data={"mark": "x" * len(mark)}, timeout=10)
    assert forged.status_code == 403
    assert session.post(address, data={"mark": mark}, timeout=10).status_code == 200

    assert Parking(store_of(redis)).parked() == {}
    assert "jo@shop.example (console)" in session.get(f"{site.url}/audit", timeout=10).text
    assert session.get(f"{site.url}/dead/purge", timeout=10).status_code == 403


@pytest.mark.parametrize("name", ["mo@shop.example", "", "edit-person", "jo@shop.example, x"])
def test_nobody_else_is(site: Console, name: str) -> None:
    """Not who stands in no line, nor whose line has a token."""
    answer = asked(site, name)
    assert (answer.status_code, answer.headers["location"][:7]) == (303, "/signin")


def test_another_header_means_nothing(site: Console) -> None:
    """Whatever it says."""
    assert asked(site, "jo@shop.example", header="X-Forwarded-User").status_code == 303


def test_a_machine_that_is_no_proxy_is_not_believed(redis: Redis, tmp_path: Path) -> None:
    """Nor does it help to say that one comes from where a proxy is."""
    for site in behind(redis, tmp_path, "10.0.0.0/8"):
        headers = {HEADER: "jo@shop.example", "X-Forwarded-For": "10.0.0.1"}
        answer = requests.get(
            f"{site.url}/destinations", headers=headers, allow_redirects=False, timeout=10
        )
        assert answer.status_code == 303


def test_a_line_that_is_deleted_ends_it_at_once(site: Console, tmp_path: Path) -> None:
    """With the next request, as with a token."""
    assert asked(site, "jo@shop.example").status_code == 200
    (tmp_path / "tokens").write_text("")
    assert asked(site, "jo@shop.example").status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"serve_proxy_header": HEADER}, "must be given together"),
        ({"serve_proxy_networks": "10.0.0.0/8"}, "must be given together"),
        (
            {"serve_proxy_header": HEADER, "serve_proxy_networks": "10.0.0.0/8"},
            "SERVE_TOKENS_FILE must be given",
        ),
        ({"serve_proxy_networks": "0.0.0.0/0"}, "and not all addresses"),
        ({"serve_proxy_networks": "proxy.internal"}, "must be addresses or networks"),
        ({"serve_proxy_header": "Cookie"}, "that no browser sends"),
        ({"serve_proxy_header": "X Email"}, "must be the name of a header"),
    ],
)
def test_it_is_refused_where_anybody_could_be_anybody(given: dict[str, Any], said: str) -> None:
    """At the start, with what is allowed."""
    with pytest.raises(InvalidSetting, match=said):
        serve(Settings.load(redis_url="redis://127.0.0.1:1/0", **given))
