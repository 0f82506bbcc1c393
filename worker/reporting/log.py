"""The only way to get a logger; structlog is loaded when the first line is written.

Commands that log nothing import a quarter less that way.
"""

from __future__ import annotations

from typing import Any


class Log:
    """structlog's logger of some name.

    Args:
        name: its name under `tiktok_events`.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def info(self, event: str, **fields: Any) -> None:
        """Log a line; fields here and below are those of `worker.reporting.logging`."""
        self._logger().info(event, **fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log a line about what recovers by itself."""
        self._logger().warning(event, **fields)

    def error(self, event: str, **fields: Any) -> None:
        """Log a line about what needs a person."""
        self._logger().error(event, **fields)

    def _logger(self) -> Any:
        import structlog  # noqa: PLC0415 — because that is what this class is for

        return structlog.get_logger(self._name)  # noqa: TID251 — because here alone it is made
