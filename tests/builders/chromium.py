"""A real browser: Debian's Chromium, which reaches nothing but this machine."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.builders.program import Process
from worker.local.loopback import HOST

NEED_BROWSER: Final = "NEED_BROWSER"
ANSWER_TIMEOUT_S: Final = 30.0

_NAMES: Final = {"\r": "Enter"}

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
    "--remote-debugging-pipe",
)


class Browser:
    """A page of Chromium, driven through a pipe.

    Attributes:
        complaints: what its console says by itself: refused scripts, what is not found.

    Source: https://chromedevtools.github.io/devtools-protocol/ (read 2026-11-22).
    """

    def __init__(self, process: Process, commands_fd: int, answers_fd: int) -> None:
        self._process = process
        self._commands = os.fdopen(commands_fd, "wb", buffering=0)
        self._answers = os.fdopen(answers_fd, "rb", buffering=0)
        self._buffer = b""
        self._number = 0
        self._session: dict[str, str] = {}
        self.complaints: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")
        attached = self._call("Target.attachToTarget", flatten=True, **target)
        self._session = {"sessionId": attached["sessionId"]}
        self._call("Page.enable")
        self._call("Log.enable")

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self._call("Page.navigate", url=url)
        self._wait_for("method", "Page.loadEventFired")

    def click(self, selector: str) -> None:
        """Press a button and wait until the next page is loaded."""
        self.ask(f"document.querySelector({json.dumps(selector)}).click()")
        self._wait_for("method", "Page.loadEventFired")

    def ask(self, script: str) -> Any:
        """The value of an expression on the page."""
        answer = self._call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def press(self, text: str) -> None:
        """Press the link or button with this text, and wait until the next page is loaded."""
        self.ask(
            "[...document.querySelectorAll('a, button')]"
            f".find((one) => one.textContent.trim() === {json.dumps(text)}).click()"
        )
        self._wait_for("method", "Page.loadEventFired")

    def type(self, keys: str) -> None:
        """Type keys, one after the other; a carriage return is Enter."""
        for key in keys:
            self._call("Input.dispatchKeyEvent", type="keyDown", key=_NAMES.get(key, key), text=key)
            self._call("Input.dispatchKeyEvent", type="keyUp", key=_NAMES.get(key, key))

    def go(self, keys: str) -> None:
        """Type keys that lead to another page, and wait until it is loaded."""
        self.type(keys)
        self._wait_for("method", "Page.loadEventFired")

    def resize(self, width: int) -> None:
        """Make the window so many pixels wide."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=False,
        )

    def forget(self) -> None:
        """Delete all cookies, and leave the page."""
        self._call("Network.clearBrowserCookies")
        self._call("Emulation.clearDeviceMetricsOverride")
        self.open("about:blank")
        self.complaints.clear()

    def close(self) -> None:
        """End Chromium, and close the pipe."""
        self._session = {}
        self._call("Browser.close")
        self._process.wait()
        self._commands.close()
        self._answers.close()

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        command = {"id": self._number, "method": method, "params": params, **self._session}
        self._commands.write(json.dumps(command).encode() + b"\0")
        answer: dict[str, Any] = self._wait_for("id", self._number)["result"]
        return answer

    def _wait_for(self, key: str, value: object) -> dict[str, Any]:
        ends = time.monotonic() + ANSWER_TIMEOUT_S
        while (message := self._receive()).get(key) != value:
            assert time.monotonic() < ends, f"no {key} {value} within {ANSWER_TIMEOUT_S:g} s"
        return message

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            received = self._answers.read(1 << 16)
            assert received, self._process.log_path.read_text()
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if message.get("method") == "Log.entryAdded":
            entry = message["params"]["entry"]
            if entry["level"] in {"warning", "error"}:
                self.complaints.append(entry["text"])
        return message


def start_browser(tmp_path: Path, folder: Path) -> Iterator[Browser]:
    """Started with its profile in a folder of a short name: it makes a socket there."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get(NEED_BROWSER) == "1":
            pytest.fail(f"{NEED_BROWSER}=1, and chromium is not installed")
        pytest.skip(f"chromium is not installed; {NEED_BROWSER}=1 makes this a failure")
    profile = f"--user-data-dir={folder / 'profile'}"
    commands_read, commands_write = os.pipe()
    answers_read, answers_write = os.pipe()
    # Chromium reads its commands from descriptor 3 and answers on 4.
    shell = f'exec "$@" 3<&{commands_read} 4>&{answers_write}'
    process = Process(
        ["bash", "-c", shell, "bash", program, *FLAGS, profile],
        tmp_path / "chromium.log",
        pass_fds=[commands_read, answers_write],
        env={**os.environ, "HOME": str(tmp_path), "TMPDIR": str(folder)},
    )
    os.close(commands_read)
    os.close(answers_write)
    with process:
        page = Browser(process, commands_write, answers_read)
        try:
            yield page
        finally:
            page.close()
