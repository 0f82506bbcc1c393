"""The error for a file that cannot be read as a whole."""

from __future__ import annotations

from tiktok_events.errors import TikTokEventsError


class UnreadableFile(TikTokEventsError, OSError):
    """A file cannot be read, or not to its end."""
