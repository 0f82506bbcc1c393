"""The worker's settings: typed, bounded, refused in one go."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tiktok_events.errors import InvalidSetting
from worker.settings import Settings, unknown_variables

ROOT = Path(__file__).parents[3]
PREFIX = "TIKTOK_EVENTS_"

BOUNDS = {
    "linger_ms": (0, 60_000, "a whole number from 0 to 60,000"),
    "max_event_bytes": (1_024, 1_048_576, "a whole number from 1,024 to 1,048,576"),
    "redis_timeout_s": (0.05, 60, "a number of seconds from 0.05 to 60"),
    "spool_bytes": (524_288, 10_737_418_240, "a whole number from 524,288 to 10,737,418,240"),
    "batch_events": (1, 1_000, "a whole number from 1 to 1,000"),
    "batch_bytes": (65_536, 33_554_432, "a whole number from 65,536 to 33,554,432"),
    "lease_s": (6, 600, "a number of seconds from 6 to 600"),
    "request_timeout_s": (0.1, 120, "a number of seconds from 0.1 to 120"),
    "requests_per_second": (0.1, 10_000, "a number of requests a second from 0.1 to 10000"),
    "max_in_flight": (1, 64, "a whole number from 1 to 64"),
    "posting_threads": (1, 64, "a whole number from 1 to 64"),
    "retry_base_s": (0.01, 60, "a number of seconds from 0.01 to 60"),
    "retry_cap_s": (0.01, 3_600, "a number of seconds from 0.01 to 3600"),
    "stall_s": (12, 3_600, "a number of seconds from 12 to 3600"),
    "window_days_web": (0.01, 365, "a number of days from 0.01 to 365"),
    "window_days_app": (0.01, 365, "a number of days from 0.01 to 365"),
    "window_days_offline": (0.01, 365, "a number of days from 0.01 to 365"),
    "window_days_crm": (0.01, 365, "a number of days from 0.01 to 365"),
    "dead_keep_days": (1, 3_650, "a number of days from 1 to 3650"),
    "dead_max_bytes": (
        524_288,
        1_099_511_627_776,
        "a whole number from 524,288 to 1,099,511,627,776",
    ),
    "alert_dead_per_minute": (1, 1_000_000, "a whole number from 1 to 1,000,000"),
    "alert_oldest_waiting_s": (1, 31_536_000, "a whole number from 1 to 31,536,000"),
    "alert_expiring_value": (1, 1_000_000_000, "a whole number from 1 to 1,000,000,000"),
    "alert_expiring_within_s": (60, 2_592_000, "a whole number from 60 to 2,592,000"),
}
FITTING: dict[str, dict[str, float]] = {
    "stall_s": {"lease_s": 6, "request_timeout_s": 0.1},
    "lease_s": {"request_timeout_s": 0.1},
    "request_timeout_s": {"lease_s": 600},
    "retry_base_s": {"retry_cap_s": 60},
    "retry_cap_s": {"retry_base_s": 0.01},
}
"""What stands beside these at their bounds, so that nothing contradicts them."""

SECRETS = {
    "redis_url": "redis://:hunter2@127.0.0.1:6379/0",
    "broker_url": "redis://:hunter2@127.0.0.1:6379/1",
    "access_token": "hunter2",
    "sentry_dsn": "https://hunter2@sentry.example/1",
    "webhook": "https://hooks.example/hunter2",
    "webhook_secret": "whsec_hunter2hunter2hunter2hunter2hunter2h",
}


def load(**variables: Any) -> Settings:
    """Settings from variables named like their fields."""
    return Settings.load({PREFIX + name.upper(): str(value) for name, value in variables.items()})


def problems(**variables: Any) -> list[str]:
    """What the refusal says, line by line."""
    with pytest.raises(InvalidSetting) as refusal:
        load(**variables)
    return str(refusal.value).splitlines()


def test_an_empty_environment_gives_the_defaults() -> None:
    """Nothing must be set to start."""
    assert Settings() == Settings.load({})


@pytest.mark.parametrize(("name", "bound"), [(n, b[i]) for n, b in BOUNDS.items() for i in (0, 1)])
def test_both_bounds_are_allowed(name: str, bound: float) -> None:
    """A setting may stand at either end of its range."""
    assert bound == getattr(load(**FITTING.get(name, {}) | {name: bound}), name)


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("value", ["{under}", "{over}", "many", "nan", "inf", "-inf", "[1]"])
def test_what_is_beyond_a_bound_is_refused_with_the_range(name: str, value: str) -> None:
    """The sentence names the variable, the unit and what is allowed."""
    low, high, allowed = BOUNDS[name]
    given = value.format(under=low - 1, over=high + 1)
    sentence = f"{PREFIX}{name.upper()} must be {allowed}; it is {str(given)!r}"
    assert [sentence] == problems(**{name: given})


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("value", [True, [], math.inf, -math.inf, 10**400])
def test_a_given_value_of_the_wrong_type_is_refused(name: str, value: Any) -> None:
    """A value of code or of a settings file is checked like a variable."""
    with pytest.raises(InvalidSetting, match=f"{PREFIX}{name.upper()} must be"):
        Settings.load({}, **{name: value})


def test_a_broken_number_is_not_cut_to_a_whole_one() -> None:
    """1.9 events are a mistake, not one event."""
    with pytest.raises(InvalidSetting, match="BATCH_EVENTS must be a whole number"):
        Settings.load({}, batch_events=1.9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redis_url", "127.0.0.1:6379"),
        ("redis_url", "http://127.0.0.1:6379"),
        ("redis_url", "redis://127.0.0.1:63790000/0"),
        ("redis_url", "redis://127.0.0.1:port/0"),
        ("redis_url", "redis://"),
        ("broker_url", "amqp://127.0.0.1"),
        *(("namespace", name) for name in ("a b", "a:b", "{a}", "a.b", "é", "a" * 65)),
        ("api_url", "business-api.tiktok.com"),
        ("api_url", "https://"),
        ("api_url", "https://business-api.tiktok.com and more"),
        ("api_url", "https://[::1"),
        ("api_url", "https://jo:hunter2@business-api.tiktok.com"),
        ("api_url", "https://hunter2@business-api.tiktok.com"),
        ("api_url", "http://business-api.tiktok.com"),
        ("api_url", "http://127.0.0.1.example:20443"),
        ("api_url", "http://[2001:db8::1]:20443"),
        ("redis_url", "redis://h?ssl_ca_certs=/etc/hosts"),
        ("redis_url", "rediss://h?ssl_cert_reqs=CERT_NONE"),
        ("redis_url", "rediss://h?ssl_ca_cert=/etc/hosts"),
        ("redis_url", "rediss+cluster://h?ssl_ca_certs=/does/not/exist.pem"),
        ("broker_url", "rediss://h?ssl_ca_certs=/does/not/exist.pem"),
        ("sentry_dsn", "sentry.example"),
        ("webhook", "hooks.example"),
        ("webhook", "http://hooks.example/alert"),
        ("webhook", "http://127.0.0.1.hooks.example/alert"),
        ("default_region", "Germany"),
        ("pixel_code", "a\nb"),
        ("strip_url_parameters", "email,,phone"),
        ("strip_url_parameters", "ttclid"),
        ("user_keys", "segment,,tier"),
        ("user_keys", "email_address"),
        ("access_token", "a\nb"),
        ("access_token", "pаss"),  # noqa: RUF001 — because that is the point: a Cyrillic letter
        ("on_failure", "explode"),
        ("spool_file", "a\nb"),
        ("durability", "always"),
        ("log_format", "yaml"),
        ("log_level", "loud"),
        ("destinations_file", "/does/not/exist.toml"),
    ],
)
def test_a_value_of_the_wrong_form_is_refused(name: str, value: str) -> None:
    """The sentence begins with the variable."""
    (sentence,) = problems(**{name: value})
    assert sentence.startswith(f"{PREFIX}{name.upper()} ")
    assert "hunter2" not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("redis_url", "unix:///run/redis.sock?db=1"),
        ("redis_url", "rediss://user:p%40ss@redis.example/3"),
        ("redis_url", "redis://[::1]:6379/0"),
        ("broker_url", "rediss+sentinel://one.example:26379,[::1]:26379/outbox"),
        ("broker_url", "rediss://h?ssl_ca_certs=/etc/hosts&ssl_check_hostname=false"),
        ("api_url", "http://127.0.0.1:20443"),
        ("api_url", "http://[::1]:20443"),
        ("api_url", "http://sandbox:20443"),
    ],
)
def test_every_usual_form_of_an_address_is_allowed(name: str, value: str) -> None:
    """Sockets, passwords, IPv6 and several sentinels."""
    assert value == getattr(load(**{name: value}), name)


@pytest.mark.parametrize("name", ["pixel_code", "access_token", "batch_events", "broker_url"])
@pytest.mark.parametrize("blank", ["", "   "])
def test_a_blank_variable_is_the_same_as_none(name: str, blank: str) -> None:
    """A line of `.env` that was left empty leaves the default."""
    assert Settings() == load(**{name: blank})


def test_blanks_around_a_value_are_cut() -> None:
    """They are never meant."""
    loaded = load(access_token=" secret ", api_url=" https://api.example ", batch_events=" 5 ")
    assert (
        loaded.access_token,
        loaded.api_url,
        loaded.batch_events,
    ) == ("secret", "https://api.example", 5)


@pytest.mark.parametrize("tail", ["?access_token=secret", "/#secret", "/api?key=secret"])
def test_the_address_of_the_api_ends_with_its_path(tail: str) -> None:
    """A path is put behind it, and every view shows it."""
    (sentence,) = problems(api_url=f"https://api.example{tail}")
    assert sentence.startswith(f"{PREFIX}API_URL must end before ? and #")
    assert "secret" not in sentence


def test_all_problems_are_told_at_once() -> None:
    """Nobody starts a worker five times to find five mistakes."""
    found = problems(lease_s=1, batch_events=0, api_url="x", window_days_web=-1, log_level="loud")
    expected = ["API_URL", "BATCH_EVENTS", "LEASE_S", "LOG_LEVEL", "WINDOW_DAYS_WEB"]
    assert expected == sorted(line.split()[0].removeprefix(PREFIX) for line in found)


def test_all_contradictions_are_told_at_once() -> None:
    """A lease too short for a request, and a first delay above the longest."""
    found = problems(lease_s=15, request_timeout_s=10, retry_base_s=20, retry_cap_s=10)
    assert [line.split()[0].removeprefix(PREFIX) for line in found] == ["LEASE_S", "RETRY_CAP_S"]


def test_spooling_needs_a_place() -> None:
    """There is no default that would stay on every machine."""
    (sentence,) = problems(on_failure="spool")
    assert sentence.startswith(f"{PREFIX}SPOOL_FILE must be given")
    assert (
        load(on_failure="spool", spool_file="spool.sqlite").spool_file
        == Path.cwd() / "spool.sqlite"
    )


def test_a_lease_must_outlast_a_request() -> None:
    """Connecting, the answer and settling: 3.05 s, the time-out and 2 s."""
    assert load(lease_s=15.05, request_timeout_s=10).lease_s == 15.05
    assert "must be at least 15.05" in problems(lease_s=15.04, request_timeout_s=10)[0]


def test_a_worker_is_stuck_after_more_than_a_lease() -> None:
    """Twice the lease at least, three times when nothing is said."""
    assert load(lease_s=40).stall_limit_s == 120
    assert load(lease_s=40, stall_s=80).stall_limit_s == 80
    assert (
        "must be at least twice TIKTOK_EVENTS_LEASE_S = 40" in problems(lease_s=40, stall_s=79)[0]
    )


@pytest.mark.parametrize("host", ["127.0.0.1:20443", "localhost", "[::1]:20443"])
def test_a_webhook_of_this_machine_needs_no_encryption(host: str) -> None:
    """Nothing of it goes over a network."""
    url = f"http://{host}/alert"
    assert url == load(webhook=url, webhook_secret=SECRETS["webhook_secret"]).webhook


def test_a_webhook_needs_a_secret() -> None:
    """Whoever is called must be able to tell by whom."""
    (sentence,) = problems(webhook="https://hooks.example")
    assert "TIKTOK_EVENTS_WEBHOOK_SECRET must be given" in sentence


def test_secrets_are_not_in_the_repr() -> None:
    """Settings may stand in a log or a traceback."""
    assert "hunter2" not in repr(load(**SECRETS, alert_dead_per_minute=1))


@pytest.mark.parametrize("name", SECRETS)
def test_a_refused_secret_is_not_in_the_sentence(name: str) -> None:
    """A mistyped secret is still one."""
    assert "hunter2" not in problems(**{name: "hunter2\nhunter2"})[0]


def test_the_broker_is_the_outbox_server_unless_named() -> None:
    """One server is enough, and only then is the doorbell rung in the same script."""
    same, other = load(redis_url="redis://h/1"), load(broker_url="redis://other/0")
    assert (same.celery_broker_url, same.rings) == ("redis://h/1", True)
    assert (other.celery_broker_url, other.rings) == ("redis://other/0", False)


@pytest.mark.parametrize(("source", "days"), [("web", 1), ("app", 2), ("offline", 3), ("crm", 4)])
def test_each_source_has_its_window(source: str, days: int) -> None:
    """Days of the setting, seconds for the code."""
    loaded = load(window_days_web=1, window_days_app=2, window_days_offline=3, window_days_crm=4)
    assert days * 86_400 == loaded.window_s(source)


def test_a_mistyped_variable_is_told_with_the_nearest() -> None:
    """A setting that means nothing would otherwise be believed."""
    assert unknown_variables(
        {
            "TIKTOK_EVENTS_ZZZ": "1",
            "TIKTOK_EVENTS_BATCH_EVENT": "1",
            "TIKTOK_EVENTS_LEASE_S": "30",
            "PATH": "/bin",
        }
    ) == [
        "TIKTOK_EVENTS_BATCH_EVENT is not a setting; did you mean TIKTOK_EVENTS_BATCH_EVENTS?",
        "TIKTOK_EVENTS_ZZZ is not a setting",
    ]
