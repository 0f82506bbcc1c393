"""The one way to a logger; structlog is loaded when the first line is written.

It is a quarter of what commands import that write none.
"""

from __future__ import annotations

from typing import Any


class Log:
    """structlog's logger of a name.

    Args:
        name: under `tiktok_events`.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **fields: Any) -> None:
        """Write a line; fields are those of `worker.reporting.logging`, here and below."""
        self._logger().info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Write a line about what heals by itself."""
        self._logger().warning(event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        """Write a line about what needs a person."""
        self._logger().error(event, **fields)

    def _logger(self) -> Any:
        import structlog  # noqa: PLC0415 — because that is what this class is for

        return structlog.get_logger(self._name)  # noqa: TID251 — because here alone it is made
