"""The destinations file: tokens and limits, read again when it changes, never half believed."""

from __future__ import annotations

import os
from pathlib import Path
from textwrap import dedent

import pytest
from structlog.testing import capture_logs

from tiktok_events.errors import InvalidSetting
from tiktok_events.event.destination import Destination
from worker.delivery import destinations
from worker.delivery.destinations import Destinations
from worker.settings import Settings

WEB = Destination("web", "PIXEL1")
OFFLINE = Destination("offline", "7001")

GOOD = """
    [[destinations]]
    event_source_id = "PIXEL1"
    access_token = "token-one"

    [[destinations]]
    event_source = "offline"
    event_source_id = 7001
    access_token_env = "OFFLINE_TOKEN"
    batch_events = 50
    retry_base_s = 0.5
"""
ENVIRONMENT = {"OFFLINE_TOKEN": " token-two "}


@pytest.fixture(autouse=True)
def _look_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test does not wait a second for the next look at the file."""
    monkeypatch.setattr(destinations, "LOOK_EVERY_S", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with two destinations."""
    made = tmp_path / "destinations.toml"
    made.write_text(dedent(GOOD))
    return made


def read(path: Path) -> Destinations:
    """The file as a worker reads it that has a default token."""
    settings = Settings.load({}, destinations_file=path, access_token="default", batch_events=900)
    return Destinations(settings, ENVIRONMENT)


def refusal(path: Path, text: str) -> str:
    """What the start says about a file with this text."""
    path.write_text(dedent(text))
    with pytest.raises(InvalidSetting) as refused:
        read(path)
    return str(refused.value)


def one_with(lines: str) -> str:
    """A file with one destination that has these lines too."""
    return f'[[destinations]]\nevent_source_id = "PIXEL1"\naccess_token = "t"\n{lines}\n'


def test_each_destination_has_its_own_token() -> None:
    """See the next tests for where they come from."""
    without_file = Destinations(Settings.load({}, access_token="default"), {})
    assert without_file.account(WEB).access_token == "default"
    assert without_file.configured() == []


def test_tokens_come_from_the_file_or_the_variable_it_names(path: Path) -> None:
    """A numeric id is the string the API wants; the source is web unless it is named."""
    found = read(path)
    assert found.configured() == [("web", "PIXEL1"), ("offline", "7001")]
    assert [
        found.account(destination).access_token
        for destination in (WEB, OFFLINE, Destination("web", "OTHER"))
    ] == ["token-one", "token-two", "default"]


def test_a_test_event_code_shares_the_account_of_its_source(path: Path) -> None:
    """It goes to the same pixel with the same token."""
    tested = Destination("web", "PIXEL1", "TEST123")
    assert read(path).account(tested).access_token == "token-one"


def test_limits_are_those_of_the_settings_unless_overridden(path: Path) -> None:
    """One destination may differ without the others."""
    found = read(path)
    assert (
        found.account(WEB).limits.batch_events,
        found.account(WEB).limits.retry_base_s,
    ) == (900, 1.0)
    assert (
        found.account(OFFLINE).limits.batch_events,
        found.account(OFFLINE).limits.retry_base_s,
    ) == (50, 0.5)
    assert found.account(WEB).limits.max_in_flight == found.account(OFFLINE).limits.max_in_flight


def test_a_token_is_not_in_the_repr(path: Path) -> None:
    """An account may stand in a traceback."""
    assert "token-one" not in repr(read(path).account(WEB))


def test_a_changed_file_is_read_again(path: Path) -> None:
    """A rotated token is used without a restart."""
    found = read(path)
    path.write_text(path.read_text().replace("token-one", "token-one-rotated"))
    assert found.account(WEB).access_token == "token-one-rotated"


def test_the_file_is_not_looked_at_for_every_batch(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the interval the last reading holds."""
    found = read(path)
    found.account(WEB)
    monkeypatch.setattr(destinations, "LOOK_EVERY_S", 3_600.0)
    path.unlink()
    assert (found.account(WEB).access_token, found.problem) == ("token-one", None)


BROKEN = {
    "not TOML": "[[destinations",
    "another table": "[other]\nx = 1\n",
    "an unknown key": one_with("color = 1"),
    "no token": '[[destinations]]\nevent_source_id = "PIXEL1"\n',
    "a bound": one_with("batch_events = 5000"),
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_file_that_became_invalid_keeps_the_last_good_one(path: Path, text: str) -> None:
    """The tokens stay in force, and the problem is told."""
    found = read(path)
    path.write_text(text)
    assert found.account(WEB).access_token == "token-one"
    assert "destinations.toml" in (found.problem or "")


def test_a_file_that_vanished_keeps_the_last_good_one(path: Path) -> None:
    """An editor that writes anew removes it for a moment."""
    found = read(path)
    path.unlink()
    assert found.account(WEB).access_token == "token-one"
    assert found.problem == f"{path} cannot be read: No such file or directory"


@pytest.mark.parametrize("same_stamp", [True, False])
def test_a_repaired_file_ends_the_problem(path: Path, *, same_stamp: bool) -> None:
    """Also when it comes back as it was, time stamp and all."""
    found = read(path)
    good, status = path.read_text(), path.stat()
    path.write_text("[[destinations")
    found.account(WEB)
    assert found.problem is not None
    path.write_text(good)
    if same_stamp:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    found.account(WEB)
    assert found.problem is None


def test_a_problem_is_logged_once(path: Path) -> None:
    """However often the file is looked at, and its end too."""
    found = read(path)
    good = path.read_text()
    with capture_logs() as logs:
        path.write_text("[[destinations")
        for _ in range(3):
            found.account(WEB)
        path.write_text(good)
        found.account(WEB)
        found.account(WEB)
    assert [line["event"] for line in logs] == [
        "destinations_file_refused",
        "destinations_file_accepted",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must hold [[destinations]] tables and nothing else"),
        ("destinations = 5", "must hold [[destinations]] tables and nothing else"),
        ("destinations = [1, 2]", "must hold [[destinations]] tables and nothing else"),
        ("destinations = ['ab']", "must hold [[destinations]] tables and nothing else"),
        ("[destinations]", "must hold [[destinations]] tables and nothing else"),
        (one_with("") + "[more]\n", "must hold [[destinations]] tables and nothing else"),
        ("[[destinations", "is not TOML"),
        (one_with("batch_event = 5"), "destination 1: batch_event is not known; allowed are acc"),
        (one_with("") + one_with(""), "destination 2: given twice"),
        (
            one_with("") + one_with("").replace("event", 'event_source = "web"\nevent', 1),
            "destination 2: given twice",
        ),
        (one_with('event_source = "shop"'), "event_source: must be one of app, crm"),
        (one_with("").replace('"PIXEL1"', '""'), "event_source_id: must be a non-empty string"),
        (one_with("").replace("event_source_id", "# "), "event_source_id: must be a non-empty"),
        (one_with("").replace("access_token", "# "), "give either access_token or access_token_e"),
        (one_with('access_token_env = "X"'), "give either access_token or access_token_env"),
        (
            one_with("").replace('access_token = "t"', 'access_token_env = "UNSET"'),
            "access_token_env names the variable UNSET, which is not set",
        ),
        (one_with("").replace('"t"', "5"), "access_token must be printable ASCII text"),
        (one_with("").replace('"t"', '" "'), "access_token must be printable ASCII text"),
        (one_with("").replace('"t"', '"a\\nb"'), "access_token must be printable ASCII text"),
        (one_with("").replace('"t"', '"ключ"'), "access_token must be printable ASCII text"),
        (one_with("batch_events = 0"), "batch_events must be a whole number from 1 to 1,000"),
        (one_with("batch_events = 1001"), "batch_events must be a whole number from 1 to 1,000"),
        (one_with("batch_events = 1.9"), "batch_events must be a whole number from 1 to 1,000"),
        (one_with("batch_events = true"), "batch_events must be a whole number from 1 to 1,000"),
        (one_with("batch_events = inf"), "batch_events must be a whole number from 1 to 1,000"),
        (one_with("batch_bytes = 1"), "batch_bytes must be a whole number from 65,536"),
        (one_with("max_in_flight = 65"), "max_in_flight must be a whole number from 1 to 64"),
        (one_with("retry_base_s = nan"), "retry_base_s must be a number of seconds from 0.01"),
        (one_with("retry_cap_s = 3601"), "retry_cap_s must be a number of seconds from 0.01"),
        (one_with("retry_cap_s = 0.5"), "retry_cap_s must not be below retry_base_s = 1"),
        (one_with("retry_base_s = [1]"), "retry_base_s must be a number of seconds"),
    ],
)
def test_what_is_wrong_stops_the_start_with_what_is_allowed(
    path: Path, text: str, sentence: str
) -> None:
    """The sentence names the file, the number of the destination and the key."""
    found = refusal(path, text)
    assert found.startswith(str(path))
    assert sentence in found


def test_a_file_that_is_not_text_is_refused(path: Path) -> None:
    """Not read as something else."""
    path.write_bytes(b"\xff\xfe[\x00")
    with pytest.raises(InvalidSetting, match="is not TOML"):
        read(path)


def test_a_file_that_vanished_before_the_start_is_refused(path: Path) -> None:
    """With a sentence, not with an OSError."""
    settings = Settings.load({}, destinations_file=path)
    path.unlink()
    with pytest.raises(InvalidSetting, match="cannot be read: No such file"):
        Destinations(settings, {})


@pytest.mark.parametrize("text", ["secret-token", "sécret-token"])
def test_no_error_shows_a_token(path: Path, text: str) -> None:
    """Whatever else is wrong beside it."""
    found = refusal(path, one_with("batch_events = 0").replace('"t"', f'"{text}"'))
    assert text not in found


@pytest.mark.parametrize(("mode", "who"), [(0o664, "its group"), (0o602, "everybody")])
def test_a_file_that_others_may_write_is_refused(path: Path, mode: int, who: str) -> None:
    """They would choose where events go; the sentence names the file, its mode and the remedy."""
    path.chmod(mode)
    with pytest.raises(InvalidSetting) as refused:
        read(path)
    expected = f"{path} may be written by {who} (mode {mode:04o}): chmod go-w {path}"
    assert str(refused.value) == expected


def test_a_file_that_others_may_write_later_changes_nothing(path: Path) -> None:
    """The last good one stays in force, until the mode is mended."""
    accounts = read(path)
    path.write_text(dedent(GOOD).replace("token-one", "token-of-a-thief"))
    path.chmod(0o666)
    assert accounts.account(WEB).access_token == "token-one"
    assert "chmod go-w" in str(accounts.problem)
    path.chmod(0o600)
    assert accounts.account(WEB).access_token == "token-of-a-thief"
    assert accounts.problem is None


@pytest.mark.parametrize("label", ['""', '" "', "7", '"' + "x" * 41 + '"', '"jo@example.com"'])
def test_a_label_is_a_short_text_without_an_address(path: Path, label: str) -> None:
    """What is shown beside figures must fit there, and is no place for a person."""
    text = f'[[destinations]]\nevent_source_id = "P"\naccess_token = "t"\nlabel = {label}\n'
    assert "label must be 1 to 40 printable characters" in refusal(path, text)
