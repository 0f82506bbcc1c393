"""`tiktok-events explain`, in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result

from worker.cli.explain import explain


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    """Run the command with no default region in its environment."""
    runner = CliRunner(env={"TIKTOK_EVENTS_DEFAULT_REGION": None})
    return runner.invoke(explain, arguments, input=given)
