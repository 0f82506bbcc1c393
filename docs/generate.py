"""Write the pages that are made from the code: settings, commands, and `.env.example`.

`make docs` runs it; with an argument it writes below that folder instead. A test of the
architecture fails while a page differs from what it writes.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, Final

import click

from tiktok_events.settings import ENVIRONMENT_PREFIX, ClientSettings
from worker.cli import main
from worker.cli.commands import Sign
from worker.delivery.destinations import OVERRIDABLE
from worker.settings import Settings

ROOT: Final = Path(__file__).parents[1]
NO_VALUE: Final = "\0"
"""What no setting allows: each check then says what it does allow."""

SET_BY_THE_IMAGE: Final = frozenset({"HEARTBEAT_FILE"})
"""In `.env.example` it is no variable: an empty one would undo what the Dockerfile sets."""

SETTINGS_HEAD: Final = f"""\
# Settings

Environment variables; each name begins with `{ENVIRONMENT_PREFIX}`.
An empty value is the same as none.
A value that is not allowed stops the start with a sentence that says what is allowed,
and `tiktok-events doctor` says the same.
Tokens and limits of single destinations are in a file: [destinations](#the-destinations-file).

<!-- Made from the settings' own docstrings by `make docs`. -->
"""

DESTINATIONS: Final = f"""
## The destinations file

`DESTINATIONS_FILE` names a TOML file.
It has a table for each destination that has a token or limits of its own.
It is read again when it changes. If the new file is not valid, that is logged,
and the old one stays in force.

```toml
[[destinations]]
event_source = "web"
event_source_id = "C0EXAMPLE0PIXEL0CODE"
label = "Shop DE"  # optional; commands show it, and take it for the destination
access_token_env = "SHOP_TOKEN"  # or access_token = "…"
requests_per_second = 20
```

Limits that a table may have: {", ".join(f"`{name}`" for name in OVERRIDABLE)}.
"""

COMMANDS_HEAD: Final = """\
# Commands

The help of every command, as `--help` prints it.

<!-- Made from the commands' own help by `make docs`. -->
"""

HELP_COLUMNS: Final = 100

ENV_HEAD: Final = f"""\
# Settings, made by `make docs`. Copy to .env, which Docker Compose reads; for a shell:
#   set -a; . ./.env; set +a
# Shown are the defaults. An empty value is the same as none. A value that is not allowed stops
# the start with a sentence that says what is. Each name begins with {ENVIRONMENT_PREFIX}.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, as both pages tell of it.

    Attributes:
        name: without the prefix.
        meaning: sentences of the class docstring.
        allowed: what its check says, ``must be …``.
        default: as it is written in the environment; empty for none.
        secret: whether it is never printed.
    """

    name: str
    meaning: str
    allowed: str
    default: str
    secret: bool


def settings_of(owner: type[ClientSettings]) -> Iterator[Setting]:
    """Settings that this class itself declares, in its order."""
    meanings = attributes(inspect.getdoc(owner) or "")
    inherited = {one.name for base in owner.__bases__ for one in fields_of(base)}
    for one in fields(owner):
        if one.name not in inherited:
            default = written(one.default)
            yield Setting(
                one.name.upper(), meanings[one.name], allowed(one), default, secret=not one.repr
            )


def fields_of(owner: type) -> tuple[Field[Any], ...]:
    """Fields of a dataclass; of anything else none."""
    return fields(owner) if hasattr(owner, "__dataclass_fields__") else ()


def attributes(docstring: str) -> dict[str, str]:
    """Name → text of the section `Attributes`, each on one line."""
    _, _, section = docstring.partition("Attributes:\n")
    entries = re.split(r"^ {4}(\w+): ", section, flags=re.MULTILINE)[1:]
    return {
        name: " ".join(text.split()) for name, text in zip(entries[::2], entries[1::2], strict=True)
    }


def allowed(one: Field[Any]) -> str:
    """What the check of a setting allows."""
    try:
        one.metadata["check"](NO_VALUE)
    except ValueError as error:
        return str(error)
    raise AssertionError(f"{one.name} allows anything")


def written(default: object) -> str:
    """A default as the environment has it."""
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def settings_page() -> str:
    """The page of all settings."""
    parts = [SETTINGS_HEAD]
    for title, owner in (("Producers and workers", ClientSettings), ("Workers only", Settings)):
        parts += [f"\n## {title}\n", "\n| name | default | meaning |\n|---|---|---|\n"]
        parts += [settings_row(one) for one in settings_of(owner)]
    return "".join([*parts, DESTINATIONS])


def settings_row(one: Setting) -> str:
    """One line of the table."""
    default = f"`{one.default}`" if one.default else ""
    secret = " A secret: never printed." if one.secret else ""
    meaning = f"{sentence(one.meaning)} {sentence(one.allowed)}{secret}".replace("|", "\\|")
    return f"| `{one.name}` | {default} | {meaning} |\n"


def commands_page() -> str:
    """The page of all commands."""
    context = click.Context(main, info_name="tiktok-events", **main.context_settings)
    return COMMANDS_HEAD + "".join(command_sections(context))


def command_sections(context: click.Context) -> Iterator[str]:
    """The help of a command, then of those that it holds."""
    context.terminal_width = HELP_COLUMNS
    lines = (line.rstrip() for line in context.get_help().splitlines())
    yield "\n## {}\n\n```text\n{}\n```\n".format(context.command_path, "\n".join(lines))
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            found = context.command.get_command(context, name)
            command = found.load() if isinstance(found, Sign) else found
            assert command is not None
            settings = command.context_settings
            yield from command_sections(
                click.Context(command, parent=context, info_name=name, **settings)
            )


def env_example() -> str:
    """The file `.env.example`."""
    blocks = [ENV_HEAD]
    for one in (*settings_of(ClientSettings), *settings_of(Settings)):
        secret = " A secret." if one.secret else ""
        text = f"{sentence(one.meaning)} {sentence(one.allowed)}{secret}"
        comment = "\n".join(f"# {line}" for line in textwrap.wrap(text.replace("`", ""), 97))
        mark = "# " if one.name in SET_BY_THE_IMAGE else ""
        blocks.append(f"{comment}\n{mark}{ENVIRONMENT_PREFIX}{one.name}={one.default}\n")
    return "\n".join(blocks)


PAGES: Final = {
    "docs/reference/commands.md": commands_page,
    "docs/reference/settings.md": settings_page,
    ".env.example": env_example,
}
"""Path → what stands there."""


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    for path, page in PAGES.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(page())
