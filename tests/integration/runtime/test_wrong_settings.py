"""A worker refuses what `doctor` refuses, in the same words: setting, value, what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from worker.cli import main
from worker.delivery.destinations import ALLOWED

SECRET = "hunter2"
PREFIX = "TIKTOK_EVENTS_"
IMPOSSIBLE = "must be a pixel code: capital letters and digits, 20 of them"

WRONG = [
    ("API_URL", "http://api.example", "must begin with https://"),
    ("API_URL", "https://api.example/open_api/v1.3/event/track/", "must end with the host"),
    ("API_URL", "business-api.tiktok.com", "must begin with https:// or http://; it is 'business"),
    ("API_URL", f"https://jo:{SECRET}@api.example", "must hold no user and no password"),
    ("API_URL", f"https://api.example?access_token={SECRET}", "must end before ? and #"),
    ("API_URL", "https://api.example:99999", "must be a URL: a host, a port up to 65535"),
    ("ACCESS_TOKEN", f'"{SECRET}"', "must be the token alone: no quotes, no blank, no name or"),
    ("ACCESS_TOKEN", f"'{SECRET}'", "must be the token alone"),
    ("ACCESS_TOKEN", f"Bearer {SECRET}", "must be the token alone"),
    ("ACCESS_TOKEN", f"Access-Token: {SECRET}", "must be the token alone"),
    ("ACCESS_TOKEN", f"<{SECRET}>", "must be the token alone"),
    ("ACCESS_TOKEN", f"access_token={SECRET}", "must be the token alone"),
    ("ACCESS_TOKEN", f"{SECRET}\u2026", "must be printable ASCII text"),
    ("SENTRY_DSN", f"https://sentry.example/{SECRET}/1", "must have a key and the number of a"),
    ("SENTRY_DSN", f"https://{SECRET}@sentry.example", "must have a key and the number of a"),
    ("SENTRY_DSN", "sentry.example/1", "must begin with https:// or http://"),
    ("HEARTBEAT_FILE", "/does/not/exist/alive", "must be a file that a worker may write; /does"),
    ("HEARTBEAT_FILE", "/dev", "must be a file that a worker may write; /dev is none"),
    ("PIXEL_CODE", "c0example0pixel0code", "must be a pixel code: capital letters and digits"),
    ("PIXEL_CODE", "web:C0EXAMPLE0PIXEL0CODE", "must be a pixel code: capital letters and digits"),
    ("PIXEL_CODE", "<your pixel>", "20 of them; it is '<your pixel>'"),
    ("REDIS_URL", "redis://h:6379/0abc", "must end with the number of a database, such as /0"),
    ("REDIS_URL", "redis://h:6379/0/1", "must end with the number of a database, such as /0"),
    ("REDIS_URL", f"redis://:{SECRET}#x@h:6379/0", "or # in a password is written %2F %3F %23"),
    ("REDIS_URL", "redis://h:6379/0?decode_responses=true", "must not have the option decode_resp"),
    ("REDIS_URL", "redis://h:6379/0?db=3", "must not have the option db; allowed are"),
    ("REDIS_URL", "redis://h/0?max_connections=many", "must have options that redis-py can read"),
    ("REDIS_URL", "redis://h:notaport/0", "must be a URL: a host, a port up to 65535, no blanks"),
    ("REDIS_URL", "rediss://h?ssl_ca_certs=/does/not/exist", "must have ssl_ca_certs that is a"),
    ("REDIS_URL", "rediss://h?ssl_cert_reqs=optional", "must have ssl_cert_reqs=required or none"),
    ("REDIS_URL", "127.0.0.1:6379", "must begin with redis://, rediss://, unix://"),
    ("REDIS_URL", "redis+socket:///run/redis.sock", "must begin with redis://, rediss://, unix"),
    ("REDIS_URL", "redis://[::1/0", "must be a URL: a host, a port up to 65535, no blanks"),
    ("REDIS_URL", "unix://redis.sock", "must be unix:// and the whole path of a socket"),
    ("REDIS_URL", "http://127.0.0.1:6379", "must begin with redis://, rediss://, unix://"),
    ("BROKER_URL", "redis+cluster://h:6379", "must not be a cluster"),
    ("BROKER_URL", f"amqp://jo:{SECRET}@rabbit:5672//", "must not be RabbitMQ: workers read what"),
    ("REDIS_URL", "amqps://rabbit", "must not be RabbitMQ"),
    ("DEFAULT_REGION", "Germany", "must be two letters of ISO 3166-1, such as DE, US or JP; it is"),
    ("DEFAULT_REGION", "UK", "must be two letters of ISO 3166-1"),
    ("ON_FAILURE", "retry", "must be one of raise, spool, drop; it is 'retry'"),
    ("ON_FAILURE", "spool", "SPOOL_FILE must be given"),
    ("LEASE_S", "25s", "must be a number of seconds from 6 to 600; it is '25s'"),
    ("LEASE_S", "8", "must be at least 15.05"),
    ("BATCH_EVENTS", "1,000", "must be a whole number from 1 to 1,000; it is '1,000'"),
    ("BATCH_EVENTS", "1001", "must be a whole number from 1 to 1,000; it is '1001'"),
    ("MAX_IN_FLIGHT", "0", "must be a whole number from 1 to 64; it is '0'"),
    ("RETRY_CAP_S", "0.5", "must not be below TIKTOK_EVENTS_RETRY_BASE_S = 1"),
    (
        "REMOTE_CONTROL",
        "maybe",
        "must be one of 1, true, yes, on, 0, false, no, off; it is 'maybe'",
    ),
    ("STRICT", "strict", "must be one of 1, true, yes, on, 0, false, no, off; it is 'strict'"),
    ("LOG_LEVEL", "verbose", "must be one of debug, info, warning, error; it is 'verbose'"),
    ("WINDOW_DAYS_WEB", "7d", "must be a number of days from 0.01 to 365; it is '7d'"),
    ("WEBHOOK", f"http://hooks.example/{SECRET}", "must begin with https://"),
    ("DESTINATIONS_FILE", "absent.toml", "must be the path of a readable TOML file; it is"),
    ("DESTINATIONS_FILE", "broken.toml", "is not TOML"),
    ("DESTINATIONS_FILE", "writable.toml", "may be written by everybody"),
    ("DESTINATIONS_FILE", "mistakes.toml", "destination 1: access_token_env names the variable"),
]

FILES = {
    "broken.toml": "token = secret",
    "writable.toml": "",
    "mistakes.toml": f"""
[[destinations]]
event_source_id = "C0EXAMPLE0PIXEL0CODE"
access_token_env = "UNSET_TOKEN"
batch_events = 5000

[[destinations]]
event_source_id = "c0example0pixel0code"
access_token = "Bearer {SECRET}"
colour = "blue"
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Destinations files that cannot be used."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o666 if name == "writable.toml" else 0o600)
    return tmp_path


def refused_by_doctor(environment: dict[str, str]) -> list[dict[str, Any]]:
    """The checks that failed before anything was reached."""
    told = CliRunner(env=environment).invoke(main, ["doctor", "--json"])
    assert told.exit_code == 1
    checks = [orjson.loads(line) for line in told.stdout.splitlines()]
    return [
        one
        for one in checks
        if one["outcome"] == "failed" and one["name"] in {"settings", "destinations"}
    ]


@pytest.mark.parametrize(("name", "value", "allowed"), WRONG)
def test_a_worker_refuses_what_doctor_refuses(
    name: str, value: str, allowed: str, redis_url: str, folder: Path
) -> None:
    """Before anything begins; a secret is in neither's words."""
    value = str(folder / value) if value.endswith(".toml") else value
    environment = {f"{PREFIX}REDIS_URL": redis_url, f"{PREFIX}API_URL": "http://127.0.0.1:1"}
    environment[PREFIX + name] = value
    found = refused_by_doctor(environment)
    refused = CliRunner(env=environment).invoke(main, ["worker"])
    sentences = [one["message"] for one in found]
    assert refused.exit_code == 1
    assert refused.stderr.partition("Error: ")[2].splitlines() == sentences
    assert allowed in refused.stderr
    assert all(one["remedy"] for one in found)
    assert name in refused.stderr or value in refused.stderr
    assert SECRET not in refused.stderr


def test_every_mistake_of_a_file_is_told_at_once(redis_url: str, folder: Path) -> None:
    """Each with the path, its place, and what to do about it."""
    path = folder / "mistakes.toml"
    found = refused_by_doctor(
        {f"{PREFIX}REDIS_URL": redis_url, f"{PREFIX}DESTINATIONS_FILE": str(path)}
    )
    assert [one["message"].removeprefix(f"{path}, destination ") for one in found] == [
        "1: access_token_env names the variable UNSET_TOKEN, which is not set",
        "1: batch_events must be a whole number from 1 to 1,000; it is '5000'",
        "2: access_token must be the token alone: no quotes, no blank, no name or Bearer before it",
        f"2: event_source_id: {IMPOSSIBLE}; it is 'c0example0pixel0code'",
        f"2: colour is not known; allowed are {', '.join(sorted(ALLOWED))}",
    ]
    assert found[0]["remedy"].startswith("Set UNSET_TOKEN where the worker starts")
    assert {one["remedy"] for one in found[1:]} == {"Correct the file."}
