"""`python -m tiktok_events_sandbox`, and the console script `tiktok-events-sandbox`."""

from __future__ import annotations

import sys

MISSING = "the simulator's command needs the extra `sandbox` of tiktok-events-client (click, rich)"


def main() -> None:
    """Run the command, or say what is missing."""
    try:
        from tiktok_events_sandbox.command import sandbox  # noqa: PLC0415 — because it may fail
    except ModuleNotFoundError as error:
        if error.name not in {"click", "rich"}:
            raise
        sys.exit(MISSING)
    sandbox()


if __name__ == "__main__":
    main()
