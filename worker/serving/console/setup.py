"""Setup: is it set up right, by which settings, and how to send a test event."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final

import orjson
from starlette.responses import Response

from tiktok_events.settings import ENVIRONMENT_PREFIX
from worker.serving.console.query import BadQuery
from worker.serving.console.visit import THEME, UTC, ZONE, Visit, zone_of
from worker.settings import Settings

DOCTOR_S: Final = 30
KEYS: Final = "tiktok_events_keys"
YEAR_S: Final = 31_536_000
THEMES: Final = {"": "as the system has it", "light": "light", "dark": "dark"}


def overview(visit: Visit) -> Response:
    """Settings without secrets; the checks of the doctor when they are asked for."""
    checks = _checks() if visit.asked("checks") else None
    return visit.page(
        "setup.html",
        checks=checks,
        settings=list(_settings(visit.desk.settings)),
        pixel=visit.desk.settings.pixel_code,
        themes=THEMES,
        keys_off=visit.request.cookies.get(KEYS) == "off",
    )


def look(visit: Visit) -> Response:
    """How this reader wants it: zone, theme, keys; in cookies of this browser."""
    zone, theme = visit.given("zone") or "UTC", visit.given("theme")
    if zone_of(zone) is UTC and zone.upper() != "UTC":
        raise BadQuery("The zone must be a name such as Europe/Berlin, or UTC.")
    response = visit.see("/setup#reader")
    keys = "off" if visit.given("keys") == "off" else "on"
    kept = {ZONE: zone, THEME: theme if theme in THEMES else "", KEYS: keys}
    for name, value in kept.items():
        # A script reads them, and they say nothing about anybody.
        response.set_cookie(name, value, max_age=YEAR_S, path="/", samesite="lax")
    return response


def _checks() -> list[dict[str, Any]]:
    """What the doctor says, in a process of its own: it may wait for a broker that is away."""
    command = [sys.executable, "-m", "worker.cli", "doctor", "--json"]
    try:
        done = subprocess.run(  # noqa: S603 — because it is our own program
            command, capture_output=True, timeout=DOCTOR_S, check=False, env=os.environ
        )
    except subprocess.TimeoutExpired:
        said = f"it did not end within {DOCTOR_S} s"
        return [{"name": "doctor", "outcome": "failed", "message": said, "remedy": ""}]
    return [orjson.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


def _settings(settings: Settings) -> Iterator[tuple[str, str, bool]]:
    """Each setting: its variable, its value if that is no secret, and whether it is the default."""
    for one in fields(Settings):
        value, known = getattr(settings, one.name), one.metadata
        if "check" not in known:
            continue
        shown = "not set" if value is None else str(value)
        if value is not None and not one.repr:
            shown = "set; it is never shown"
        yield ENVIRONMENT_PREFIX + one.name.upper(), shown, value == one.default
