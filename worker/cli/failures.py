"""How an error ends a command: one sentence and an exit code; a bug keeps its traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click
from redis.exceptions import RedisError

from tiktok_events.connection.trouble import trouble
from tiktok_events.errors import TikTokEventsError
from tiktok_events.settings import ClientSettings

FAILED: Final = 1


@contextmanager
def told_in_a_sentence() -> Iterator[None]:
    """End the program with `FAILED` after an error of ours, or of Redis."""
    try:
        yield
    except TikTokEventsError as error:
        click.echo(f"Error: {error}", err=True)
    except RedisError as error:
        told = trouble(error, ClientSettings.load().redis_url)
        click.echo(f"Error: {told.message}. {told.remedy}", err=True)
    else:
        return
    sys.exit(FAILED)
