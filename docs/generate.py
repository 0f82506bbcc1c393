"""Write the pages that are made from the code: the settings, and `.env.example`.

`make docs` runs it; a test of the architecture fails while a page differs from what it writes.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, Final

from tiktok_events.settings import ENVIRONMENT_PREFIX, ClientSettings
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
Tokens and limits of single destinations stand in a file: [destinations](../operate/operations.md).

<!-- Made from the settings' own docstrings by `make docs`. -->
"""

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
    return "".join(parts)


def settings_row(one: Setting) -> str:
    """One line of the table."""
    default = f"`{one.default}`" if one.default else ""
    secret = " A secret: never printed." if one.secret else ""
    meaning = f"{sentence(one.meaning)} {sentence(one.allowed)}{secret}".replace("|", "\\|")
    return f"| `{one.name}` | {default} | {meaning} |\n"


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


PAGES: Final = {"docs/reference/settings.md": settings_page, ".env.example": env_example}
"""Path → what stands there."""


if __name__ == "__main__":
    for path, page in PAGES.items():
        (ROOT / path).write_text(page())
