"""The command `tiktok-events explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.builders.explained import run
from tiktok_events.event.match_keys import hash_text, prepare_user
from worker.cli.explain import explain
from worker.files.explain import mask

USER: dict[str, Any] = {
    "email": ["Gwendolyn@Example.com", ""],
    "phone": "0170 1234567",
    "external_id": "Customer-77",
    "last_name": "Featherstone",
    "city": "Wuppertal",
    "country": "DE",
    "ip": "203.0.113.9",
    "ttclid": "E.C.P." + "x" * 500,
    "e-mail": "gwendolyn@example.com",
}
EVENT = {"event": "Purchase", "event_id": "order-1", "user": USER}
PERSONAL = ("gwendolyn", "1701234567", "customer-77", "featherstone", "wuppertal", "203.0.113.9")


def keys_of(result: Result) -> list[dict[str, Any]]:
    """Return the explained keys of the one event of ``--json`` output."""
    (line,) = result.stdout.splitlines()
    keys: list[dict[str, Any]] = json.loads(line)["keys"]
    return keys


def test_the_table_fits_100_columns_and_names_every_key(tmp_path: Path) -> None:
    """Every key of the user stands in a table that a terminal and a ticket can show."""
    file = tmp_path / "event.json"
    file.write_text(json.dumps(EVENT))

    result = run("--region", "DE", "--show-values", str(file))

    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 100
    assert [key for key in USER if key not in result.stdout] == []
    assert "event 1: Purchase · order-1" in result.stdout
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_personal_value_is_shown_unless_asked_for(form: tuple[str, ...]) -> None:
    """Table and JSON mask all that is no digest."""
    result = run(*form, "--region", "DE", "-", given=json.dumps(EVENT))

    assert result.exit_code == 0
    assert "a•••" not in result.stdout
    assert "g•••@e•••.com" in result.stdout
    assert [value for value in PERSONAL if value in result.stdout.lower()] == []


def test_values_are_shown_when_asked_for() -> None:
    """With --show-values the prepared texts can be read."""
    result = run("--json", "--show-values", "--region", "de", "-", given=json.dumps(EVENT))

    prepared = {key["prepared"] for key in keys_of(result)}
    assert {"gwendolyn@example.com", "+491701234567", "Customer-77"} <= prepared


def test_json_holds_whole_digests() -> None:
    """What the JSON says is sent is what is sent."""
    result = run("--json", "--region", "DE", "-", given=json.dumps(EVENT))

    sent = {key["key"]: key["sent"] for key in keys_of(result) if key["position"] is None}
    expected = prepare_user(USER, "DE")
    assert expected["phone"] == sent["phone"]
    assert expected["last_name"] == sent["last_name"]


def test_the_table_shortens_digests() -> None:
    """Both ends of a digest are enough to compare by eye."""
    digest = hash_text("ann@example.com")

    result = run("-", given='{"user": {"email": "ann@example.com"}}')

    assert f"{digest[:8]}…{digest[-4:]}" in result.stdout
    assert digest not in result.stdout


def test_dropped_keys_are_no_failure_of_the_command() -> None:
    """The command did its work: the exit code is 0."""
    result = run("-", given='{"user": {"phone": "030 123", "email": {}}}')

    assert result.exit_code == 0
    assert result.stdout.count("dropped") == 2


def test_the_region_comes_from_the_environment_too() -> None:
    """The worker's own setting is the default."""
    runner = CliRunner(env={"TIKTOK_EVENTS_DEFAULT_REGION": "DE"})

    result = runner.invoke(explain, ["--json", "-"], input=json.dumps(EVENT))

    assert "+4•••4567" in {key["prepared"] for key in keys_of(result)}


def test_a_value_cannot_command_the_terminal() -> None:
    """Markup is shown as text, control characters not at all."""
    user = {"user_agent": "[red]x[/red]\x1b[31m\x07"}

    result = run("--show-values", "-", given=json.dumps({"event": "\x1b[2J", "user": user}))

    assert "[red]x[/red]" in result.stdout
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout


@pytest.mark.parametrize("user", ["", '"user": null', '"user": {}', '"user": []'])
def test_an_event_without_user_says_so(user: str) -> None:
    """There is a sentence instead of an empty table."""
    result = run("-", given=f"{{{user}}}")

    assert result.exit_code == 0
    assert "nothing to match it by" in result.stdout


def test_one_line_of_json_for_each_event() -> None:
    """NDJSON in, NDJSON out, in order."""
    result = run("--json", "-", given='{"event": "A"}\n\n{"event": "B"}\n')

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["number"], line["event"]) for line in lines] == [(1, "A"), (2, "B")]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (b'{"event": "A"}', ["A"]),
        (b'{\n "event": "A"\n}\n', ["A"]),
        (b'\xef\xbb\xbf[{"event": "A"}, {"event": "B"}]', ["A", "B"]),
        (b'{"event": "A"}\r\n{"event": "B"}\r\n', ["A", "B"]),
        (b'{"event": "A"}\r{"event": "B"}\r', ["A", "B"]),
        ('{"event": "A"}\n{"event": "B"}\n'.encode("utf-16"), ["A", "B"]),
        (b"event;user.email\nA;ann@example.com\nB;\n", ["A", "B"]),
        (b"event_type,email\nComplete Payment,ann@example.com\n", ["CompletePayment"]),
    ],
)
def test_files_are_read_as_they_are_sent(text: bytes, names: list[str]) -> None:
    """One event, a list, one per line, or a table, in any usual encoding."""
    result = run("--json", "-", given=text)

    assert result.exit_code == 0
    assert names == [json.loads(line)["event"] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b'{\n "secret": \n}', "line 3: this is no JSON"),
        (b'{"event": "A"}\n{"secret"}\n{}', "line 2: this is no JSON"),
        (b'{"event": "A"}\n\n["secret"]', "line 3: an event is a JSON object"),
        (b'["secret"]', "event 1: an event is a JSON object"),
        (b"secret", "line 1: this is no JSON"),
        (b"secret\xff", "line 1: this is not UTF-8"),
        (b"event,event_time\nLead,secret\n", "line 2: event_time: must be Unix seconds"),
    ],
)
def test_a_fault_in_the_text_is_placed_and_not_quoted(text: bytes, place: str) -> None:
    """The error says where it is; what stands there may be personal."""
    result = run("-", given=text)

    assert result.exit_code == 1
    assert f"Error: -: {place}" in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize(
    "deep",
    [
        b'{"properties": {"x": ' + b'{"a": ' * 900 + b"1" + b"}" * 900 + b"}}",
        b'[{"x": ' + b"[" * 900 + b"]" * 900 + b"}]",
        b'{"x": ' + b'{"data": ' * 900 + b"1" + b"}" * 900 + b"}",
    ],
)
def test_an_event_that_is_nested_too_deep_is_not_accepted(deep: bytes) -> None:
    """It is told so; the program does not fall."""
    result = run("-", given=deep)

    assert result.exit_code == 0
    assert "It is not accepted" in result.stdout


@pytest.mark.parametrize("text", [b"", b" \n ", b"[]"])
def test_nothing_to_explain_is_said(text: bytes) -> None:
    """An empty answer could be taken for a good one."""
    assert "there is no event in it" in run("-", given=text).stderr


def test_a_fault_in_the_file_exits_1_with_its_place(tmp_path: Path) -> None:
    """A script can tell it from a wrong option; a person can find it."""
    file = tmp_path / "broken.json"
    file.write_text('{"user": \n oops}')

    result = run(str(file))

    assert result.exit_code == 1
    assert f"Error: {file}: line 2: this is no JSON" in result.stderr
    assert "column 2" in result.stderr


def test_a_missing_file_exits_1_with_a_sentence(tmp_path: Path) -> None:
    """The name and the system's word are enough."""
    file = tmp_path / "none.json"

    result = run(str(file))

    assert result.exit_code == 1
    assert f"cannot read {file}: No such file or directory" == str(result.exception)


def test_a_wrong_region_exits_2_with_an_example() -> None:
    """It is a mistake in usage."""
    result = run("--region", "Germany", "-", given="{}")

    assert result.exit_code == 2
    assert "such as DE, US or JP" in result.stderr


def test_the_help_teaches_by_example() -> None:
    """Whoever forgot the options finds whole commands."""
    result = run("--help")

    assert result.exit_code == 0
    assert "tiktok-events explain --region DE orders.ndjson" in result.stdout


@pytest.mark.parametrize(
    ("key", "text", "masked"),
    [
        ("email", "ann@example.com", "a•••@e•••.com"),
        ("email", "ann@localhost", "a•••@•••"),
        ("email", "ann", "a•••"),
        ("phone", "+12133734253", "+1•••4253"),
        ("phone", "+1234567", "+•••"),
        ("first_name", "ann", "a•••"),
        ("country", "de", "de"),
    ],
)
def test_a_mask_keeps_enough_to_recognise_a_test_value(key: str, text: str, masked: str) -> None:
    """The shape stays, the person goes."""
    assert masked == mask(key, text)
