"""`tiktok-events serve` for tests: its application in this process, or a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Self

import httpx
from redis import Redis
from starlette.applications import Starlette

from tests.builders.environment import environment
from tests.builders.stores import store_of
from worker.serving.site import Site
from worker.serving.tokens import Tokens
from worker.serving.watch import Watch
from worker.settings import Settings

ROOT: Final = Path(__file__).parents[2]
ENDS_WITHIN_S: Final = 20.0


def site(redis: Redis, tokens: Path | None = None, **settings: Any) -> Site:
    """A site of these settings, at this server, with the tokens of this file."""
    known = None if tokens is None else Tokens(tokens)
    store, loaded = store_of(redis), Settings.load({}, **settings)
    return Site(store, loaded, known, Watch(store, loaded))


class Visitor:
    """Asks an application in this process.

    Args:
        app: as `create_app` makes it.
        base_url: by which name it is asked.
        token: sent with every request.
    """

    def __init__(
        self, app: Starlette, base_url: str = "http://127.0.0.1", token: str | None = None
    ) -> None:
        self._app = app
        self._base_url = base_url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **options: Any) -> httpx.Response:
        """The answer to a GET."""
        return self.ask("GET", path, **options)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to a request; options are those of `httpx`."""
        return asyncio.run(self._ask(method, path, **options))

    async def _ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url=self._base_url, headers=self._headers
        ) as client:
            return await client.request(method, path, **options)


class Serving:
    """A process as an operator starts it, at a free port; returns when it listens.

    Args:
        settings: by the name without its prefix.

    Attributes:
        url: where it listens.
    """

    def __init__(self, **settings: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "worker.cli", "serve", "--port", "0"],
            cwd=ROOT,
            env=environment({"LOG_FORMAT": "json", **settings}),
            stderr=subprocess.PIPE,
        )
        assert self._process.stderr is not None
        lines = (json.loads(line) for line in self._process.stderr if line.startswith(b"{"))
        self.url: str = next((line["address"] for line in lines if "address" in line), "")

    def terminate(self) -> int:
        """Send SIGTERM, and return the exit status."""
        self._process.terminate()
        return self._process.wait(ENDS_WITHIN_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
