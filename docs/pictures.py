"""Draw the pictures of `docs/console.md`: `make pictures`, with Debian's Chromium.

A server is planted, a console without tokens shows it, and Chromium draws its pages.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from redis import Redis

from tests.builders.consoles import plant
from tests.builders.serving import Serving
from worker.local.embedded import EmbeddedServer

FOLDER: Final = Path(__file__).parent / "pictures"
SIZE: Final = "1200,800"
LETTERS: Final = 2_013
PAGES: Final = {
    "console-now": ("/", False),
    "console-letter": ("/dead/1-0", False),
    "console-trace-dark": ("/trace?q=order-3", True),
}


def main() -> None:
    """Draw all of them."""
    FOLDER.mkdir(exist_ok=True)
    with EmbeddedServer() as server, Redis.from_url(server.url, protocol=2) as redis:
        plant(redis, LETTERS, 212)
        with Serving(REDIS_URL=server.url) as serving:
            for name, (path, dark) in PAGES.items():
                _draw(serving.url + path, FOLDER / f"{name}.png", dark=dark)


def _draw(url: str, file: Path, *, dark: bool) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed: apt-get install chromium")
    scheme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    subprocess.run(  # noqa: S603 — because it is the browser of this machine
        [
            *(chromium, "--headless", "--no-sandbox", "--hide-scrollbars", *scheme),
            *(f"--window-size={SIZE}", f"--screenshot={file}", url),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )


if __name__ == "__main__":
    main()
