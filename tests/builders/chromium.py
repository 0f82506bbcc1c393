"""A real browser: Debian's Chromium, driven by Playwright; it reaches nothing but this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from worker.local.loopback import HOST

NEED_BROWSER: Final = "NEED_BROWSER"

FLAGS: Final = (
    "--no-sandbox",
    "--disable-quic",
    "--no-proxy-server",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium with an empty profile, while the block lasts."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get(NEED_BROWSER) == "1":
            pytest.fail(f"{NEED_BROWSER}=1, and chromium is not installed")
        pytest.skip(f"chromium is not installed; {NEED_BROWSER}=1 makes this a failure")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


class Reader:
    """Somebody at a page, without cookies of others.

    Args:
        browser: where the page is opened.
        how: of Playwright's contexts: `viewport`, `color_scheme`, `java_script_enabled` …

    Attributes:
        page: of Playwright.
        complaints: what the browser says by itself: refused scripts, errors, what is not found.
        clicks: how often a link or a button was pressed.
    """

    def __init__(self, browser: Browser, **how: Any) -> None:
        self.page: Page = browser.new_context(**how).new_page()
        self.complaints: list[str] = []
        self.clicks = 0
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.page.goto(url)

    def ask(self, script: str) -> Any:
        """The value of an expression on the page."""
        return self.page.evaluate(script)

    def click(self, selector: str) -> None:
        """Press what is selected, and wait until the next page is loaded."""
        self.clicks += 1
        with self.page.expect_navigation():
            self.page.click(selector)

    def press(self, text: str) -> None:
        """Press the link or button with this text, and wait until the next page is loaded."""
        self.click(f'a:text-is("{_quoted(text)}"), button:text-is("{_quoted(text)}")')

    def go(self, *keys: str) -> None:
        """Type keys that lead to another page, and wait until it is loaded."""
        with self.page.expect_navigation():
            for key in keys:
                self.page.keyboard.press(key)

    def close(self) -> None:
        """Close the page, and forget its cookies."""
        self.page.context.close()

    def _note(self, said: Any) -> None:
        if said.type in {"warning", "error"}:
            self.complaints.append(said.text)


def _quoted(text: str) -> str:
    return text.replace('"', '\\"')
