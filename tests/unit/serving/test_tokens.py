"""Tokens of `tiktok-events serve`: what is read, made and refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tiktok_events.errors import InvalidSetting
from worker.serving.tokens import Person, Role, Tokens, make_token

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "tokens"


def test_a_made_token_is_known(path: Path) -> None:
    """By its digest alone: the token itself is not in the file."""
    token = make_token(path, "prometheus", Role.VIEW)
    assert Tokens(path).person(token) == Person("prometheus", Role.VIEW)
    assert token not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("token", ["", "tte_wrong", "\u00fc", DIGEST, f"sha256:{DIGEST}"])
def test_what_is_no_token_is_nobodys(path: Path, token: str) -> None:
    """Nor is a digest, which whoever reads the file has."""
    path.write_text(f"jo view sha256:{DIGEST}\n")
    assert Tokens(path).person(token) is None


@pytest.mark.parametrize("role", Role)
def test_a_role_covers_those_before_it(role: Role) -> None:
    """And none behind it."""
    roles = list(Role)
    assert [role.covers(one) for one in roles] == [
        roles.index(one) <= roles.index(role) for one in roles
    ]


def test_a_second_token_of_a_name_is_refused(path: Path) -> None:
    """The audit could not tell them apart."""
    make_token(path, "jo", Role.VIEW)
    with pytest.raises(InvalidSetting, match="--replace"):
        make_token(path, "jo", Role.EDIT)


def test_replacing_takes_the_old_token_back(path: Path) -> None:
    """Others, and comments, stay."""
    old, other = make_token(path, "jo", Role.VIEW), make_token(path, "sam", Role.VIEW)
    path.write_text(f"# of the night shift\n{path.read_text()}")
    new = make_token(path, "jo", Role.EDIT, replace=True)
    tokens = Tokens(path)
    assert tokens.person(old) is None
    assert tokens.person(new) == Person("jo", Role.EDIT)
    assert tokens.person(other) == Person("sam", Role.VIEW)
    assert path.read_text().startswith("# of the night shift\n")


def test_a_deleted_line_takes_its_token_back_at_once(path: Path) -> None:
    """The file is looked at with every request."""
    token = make_token(path, "jo", Role.VIEW)
    tokens = Tokens(path)
    assert tokens.person(token) is not None
    path.write_text("# nobody\n")
    assert tokens.person(token) is None


def test_a_file_that_became_wrong_lets_nobody_in_until_it_is_right(path: Path) -> None:
    """A slip while a token is taken back must not leave it valid."""
    token = make_token(path, "jo", Role.VIEW)
    good, tokens = path.read_text(), Tokens(path)
    path.write_text(good + "rubbish\n")
    assert tokens.person(token) is None
    path.write_text(good)
    assert tokens.person(token) == Person("jo", Role.VIEW)
    path.unlink()
    assert tokens.person(token) is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("jo", "line 2: must be a name, a role, and sha256:"),
        (f"jo admin sha256:{DIGEST}", "line 2: the role must be one of view, operate, edit, erase"),
        (f"jo view {DIGEST}", "line 2: must be a name, a role, and sha256:"),
        (f"jo view sha256:{DIGEST}\njo edit sha256:{'0' * 64}", "line 3: there are two tokens"),
    ],
)
def test_a_wrong_line_is_named(path: Path, line: str, problem: str) -> None:
    """With its number, and what is allowed."""
    path.write_text(f"# tokens\n{line}\n")
    with pytest.raises(InvalidSetting, match=problem):
        Tokens(path)


def test_a_file_that_others_may_write_is_refused(path: Path) -> None:
    """They could let themselves in."""
    make_token(path, "jo", Role.VIEW)
    path.chmod(0o666)
    with pytest.raises(InvalidSetting, match="chmod go-w"):
        Tokens(path)


def test_a_file_that_is_not_there_is_refused(path: Path) -> None:
    """At the start; the sentence names setting and path."""
    with pytest.raises(InvalidSetting, match=r"SERVE_TOKENS_FILE: .*tokens: No such file"):
        Tokens(path)
