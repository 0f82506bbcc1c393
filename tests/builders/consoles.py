"""A console in this process, and a browser without JavaScript that looks at it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import requests
import uvicorn
from redis import Redis

from tests.builders.letters import letter
from tests.builders.stores import store_of
from worker.attempts.history import History
from worker.letters.dead_letters import DeadLetters, Reason
from worker.outbox.parking import Parking
from worker.serving.app import create_app
from worker.serving.site import Site
from worker.serving.tokens import Role, Tokens, make_token
from worker.serving.watch import Watch
from worker.settings import Settings

SHOP: Final = "web:C4DEMO00SHOP00PL0003"
OTHER: Final = "web:C4DEMO00SHOP00DE0001"


class Console:
    """A console that answers, with a token for each role.

    Args:
        url: where it listens.
        tokens: role → token.
    """

    def __init__(self, url: str, tokens: Mapping[Role, str]) -> None:
        self.url = url
        self.tokens = tokens

    def browser(self, role: Role) -> Browser:
        """Somebody who has signed in."""
        browser = Browser(self.url)
        answer = browser.post("/signin", token=self.tokens[role], next="/")
        assert answer.status_code == 200, answer.text
        return browser


@contextmanager
def console(redis: Redis, folder: Path, **settings: Any) -> Iterator[Console]:
    """A console on this server, while the block lasts."""
    path = folder / "tokens"
    tokens = {role: make_token(path, f"{role}-person", role) for role in Role}
    url = f"redis://127.0.0.1:{redis.connection_pool.connection_kwargs['port']}"
    known = Settings.load(redis_url=url, **settings)
    store = store_of(redis)
    app = create_app(Site(store, known, Tokens(path), Watch(store, known)))
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_config=None, lifespan="off", proxy_headers=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Console(_url(server), tokens)
    finally:
        server.should_exit = True
        thread.join(10)


def _url(server: uvicorn.Server) -> str:
    ends = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < ends, "it does not start"
        time.sleep(0.01)
    return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


class Browser:
    """Follows links, fills in forms, keeps cookies; scripts are off.

    Args:
        url: of the console.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def get(self, path: str) -> Page:
        """A page, wherever it leads."""
        return Page(self.session.get(self.url + path, timeout=30))

    def post(self, path: str, **fields: str) -> requests.Response:
        """A form with these fields, and nothing else."""
        return self.session.post(self.url + path, data=fields, timeout=30)

    def press(self, page: Page, button: str, **typed: str) -> Page:
        """Press the first button with this text; forms carry what they hold, and what is typed."""
        form = page.form_of(button)
        fields = [*form.fields, *form.pressed(button), *typed.items()]
        action, method = form.target(button)
        url = self.url + (action or page.path)
        if method == "post":
            return Page(self.session.post(url, data=fields, timeout=30))
        return Page(self.session.get(url, params=fields, timeout=30))

    def follow(self, page: Page, text: str) -> Page:
        """Follow the first link with this text."""
        return self.get(page.link(text))


class Page:
    """What was answered.

    Args:
        answer: as it came.
    """

    def __init__(self, answer: requests.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.html = answer.text
        self.path = "/" + answer.url.split("/", 3)[3]
        parser = _Parser()
        parser.feed(self.html)
        self.text = re.sub(r"\s+", " ", " ".join(parser.words)).strip()
        self.links = parser.links
        self.forms = parser.forms

    def link(self, text: str) -> str:
        """Where the first link with this text leads."""
        return next(href for words, href in self.links if words == text)

    def form_of(self, button: str) -> Form:
        """The form that has a button with this text."""
        return next(form for form in self.forms if button in form.buttons)


class Form:
    """One form: its target, the fields that it sends by itself, and its buttons."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.fields: list[tuple[str, str]] = []
        self.buttons: dict[str, dict[str, str]] = {}

    @property
    def marked(self) -> bool:
        """Whether it carries the mark of the session."""
        return "mark" in dict(self.fields)

    def pressed(self, button: str) -> list[tuple[str, str]]:
        """What a button adds."""
        known = self.buttons[button]
        return [(known["name"], known.get("value", ""))] if "name" in known else []

    def target(self, button: str) -> tuple[str, str]:
        """Where a button sends the form, and how."""
        known = self.buttons[button]
        return known.get("formaction", self.action), known.get("formmethod", self.method)


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.forms: list[Form] = []
        self._open: list[tuple[dict[str, str], list[str]]] = []
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(known.get("action", ""), known.get("method", "get"))
            self.forms.append(self._form)
        elif tag == "input" and self._form and known.get("name"):
            if known.get("type") not in {"checkbox", "file"} or "checked" in known:
                self._form.fields.append((known["name"], known.get("value", "")))
        elif tag in {"a", "button"}:
            self._open.append((known, []))

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        for _, words in self._open:
            words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in {"a", "button"} and self._open:
            known, words = self._open.pop()
            text = re.sub(r"\s+", " ", unescape("".join(words))).strip()
            if tag == "a":
                self.links.append((text, known.get("href", "")))
            elif self._form:
                self._form.buttons[text] = known


def event(number: int, **properties: Any) -> dict[str, Any]:
    """A purchase, as a letter has it."""
    return {
        "event": "Purchase",
        "event_id": f"order-{number}",
        "event_time": int(time.time()) - 3_600,
        "user": {"email": "a" * 64, "ip": "203.0.113.7"},
        "properties": {
            "currency": "EUR",
            "value": 100.0 + number,
            "order_id": f"PL-{number}",
            **properties,
        },
        "page": {"url": "https://shop.example/thanks"},
    }


def plant(redis: Redis, letters: int = 5, others: int = 3) -> None:
    """Letters of one currency mistake, some others, and a parked destination."""
    store, now = store_of(redis), time.time()
    dead = DeadLetters(store)
    for number in range(letters):
        dead.bury(
            letter(
                event(number, currency="PLZ"),
                now=now,
                destination=SHOP,
                code=40002,
                message='Unsupported currency "PLZ"',
                path="properties.currency",
                request_id="20261124221002DEMO07F3C9",
                expires_at=now + 100_000 + number,
                died_at=now - 60,
                history=attempted(now),
            )
        )
    for number in range(others):
        dead.bury(
            letter(
                event(1_000 + number),
                destination=OTHER,
                reason=Reason.EXPIRED,
                message="too old when its turn came",
                expires_at=now - 100_000,
                died_at=now - 90,
            )
        )
    Parking(store).park(OTHER, "40105: Access token is incorrect or has been revoked.")


def attempted(now: float) -> History:
    """Three attempts that were refused."""
    log = [
        {
            "at": now - 70 + number,
            "verdict": "rejected",
            "code": 40002,
            "duration_ms": 180 + number,
            "request_id": f"2026112422100{number}DEMO0A11",
        }
        for number in range(3)
    ]
    return History(now - 80, attempts=3, log=tuple(log))
