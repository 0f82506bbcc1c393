"""What a stranger, or a clumsy client, sends in the place of a form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
import requests

from tests.builders.consoles import Console
from worker.serving.tokens import Role

MEBIBYTE: Final = 1_048_576
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


def chunked(size: int) -> Iterator[bytes]:
    """A form of this many bytes, whose length nothing tells beforehand."""
    yield b"token="
    for _ in range(size // 65_536):
        yield b"x" * 65_536


def status_of(site: Console, path: str, size: int, **more: str) -> int:
    """The answer to a long form; 413 where the console hangs up while it is still being sent."""
    try:
        answer = requests.post(
            site.url + path,
            data=chunked(size),
            headers={**FORM, **more},
            allow_redirects=False,
            timeout=30,
        )
    except requests.ConnectionError:
        return 413
    return answer.status_code


@pytest.mark.parametrize("given", ["//[", "/\t/[", "http://["])
def test_an_address_that_is_none_leads_to_the_first_page(site: Console, given: str) -> None:
    """Whoever is not signed in cannot make the console fail."""
    asked = requests.get(f"{site.url}/signin", params={"next": given}, timeout=30)
    assert asked.status_code == 200
    form = {"token": site.tokens[Role.VIEW], "next": given}
    answer = requests.post(f"{site.url}/signin", data=form, allow_redirects=False, timeout=30)
    assert answer.headers["Location"] == "/"


def test_nobody_sends_much_without_a_token(site: Console) -> None:
    """A sign-in is read into memory: it is short, whatever its length is said to be."""
    assert status_of(site, "/signin", MEBIBYTE) == 413


def test_a_form_is_short_for_whoever_has_signed_in_too(site: Console) -> None:
    """A view-only token must not fill memory or the disk."""
    cookies = site.browser(Role.VIEW).session.cookies
    cookie = "; ".join(f"{one.name}={one.value}" for one in cookies)
    assert status_of(site, "/setup/look", 2 * MEBIBYTE, Cookie=cookie) == 413


def test_a_form_that_is_none_is_refused_by_a_page(site: Console) -> None:
    """In words, with the headers of every page."""
    browser = site.browser(Role.EDIT)
    fields = [("a", "1")] * 300
    files = [(name, (None, value)) for name, value in fields]
    answer = browser.session.post(f"{site.url}/setup/look", files=files, timeout=30)
    assert (answer.status_code, answer.headers["X-Frame-Options"]) == (400, "DENY")
    assert "Too many fields" in answer.text
