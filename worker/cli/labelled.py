"""Destinations as people call them: the label of the destinations file, and the key."""

from __future__ import annotations

from typing import Final, cast

import click

from tiktok_events.errors import InvalidSetting
from worker.cli.terminal import cut_middle, printable
from worker.delivery.labels import Labels
from worker.settings import Settings

_LEAST_KEY: Final = 12
"""Characters of a key that still tell it from others."""

_BESIDE_LABEL: Final = len(" ()")
_META: Final = "tiktok_events.labels"


def labels() -> Labels:
    """The labels, read once in each run of a command."""
    context = click.get_current_context(silent=True)
    if context is None:
        return _read()
    return cast("Labels", context.meta.setdefault(_META, context.meta.get(_META) or _read()))


def _read() -> Labels:
    try:
        return Labels.read(Settings.load().destinations_file)
    except InvalidSetting:
        return Labels()


def labelled(key: str, limit: int | None = None) -> str:
    """A destination for people, without control characters: `Shop DE (web:C0EXAMPLE0PIXEL0CODE)`.

    Args:
        key: of the destination; may be junk.
        limit: in so many characters; the key gives way first.
    """
    label = labels().of(key)
    if label is None:
        return printable(key, limit)
    room = len(key) if limit is None else limit - len(label) - _BESIDE_LABEL
    if room < min(_LEAST_KEY, len(key)):
        return printable(label, limit)
    return printable(f"{label} ({cut_middle(key, room)})")
