"""The environment as configuration: defaults, what each variable takes, and sentences for what it does not take."""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from identity.config import AWS_REQUEST_RATES, Config, ConfigError, load

KEYS = [bytes([number]) * 32 for number in range(3)]


def encoded(*keys: bytes) -> str:
    return ",".join(base64.b64encode(key).decode() for key in keys)


def test_an_empty_environment_is_enough() -> None:
    config = load({})
    assert config.dev is False
    assert config.url == "http://localhost:8000"
    assert config.account_id == "000000000000"
    assert config.data == Path(".gatehouse")
    assert config.secret_keys == ()
    assert config.trusted_proxies == ()
    assert (config.argon2_memory_kib, config.argon2_time) == (19456, 2)
    assert (config.operator, config.operator_password) == ("operator", "")
    assert config.audit_days == 365
    assert config.web_workers >= 1


def test_an_empty_variable_is_the_same_as_none() -> None:
    assert load({spec.metadata["env"]: "" for spec in fields(Config)}) == load({})


def test_other_variables_are_none_of_its_business() -> None:
    assert load({"PATH": "/bin", "GATEHOUSE_NONSENSE": "1"}) == load({})


@pytest.mark.parametrize(
    ("variable", "raw", "name", "value"),
    [
        ("GATEHOUSE_DEV", "1", "dev", True),
        ("GATEHOUSE_DEV", " TRUE ", "dev", True),
        ("GATEHOUSE_DEV", "yes", "dev", True),
        ("GATEHOUSE_DEV", "off", "dev", False),
        ("GATEHOUSE_URL", "https://id.example/", "url", "https://id.example"),
        ("GATEHOUSE_URL", "https://id.example/base/", "url", "https://id.example/base"),
        ("GATEHOUSE_URL", "http://[::1]:8000", "url", "http://[::1]:8000"),
        ("GATEHOUSE_ACCOUNT_ID", "123456789012", "account_id", "123456789012"),
        ("GATEHOUSE_WEB_WORKERS", "3", "web_workers", 3),
        ("GATEHOUSE_SIGNING_KEY_STOCK", "0", "signing_key_stock", 0),
        ("GATEHOUSE_LOG_LEVEL", "debug", "log_level", "DEBUG"),
        ("GATEHOUSE_SECRET_KEYS", encoded(KEYS[0]), "secret_keys", (KEYS[0],)),
        ("GATEHOUSE_SECRET_KEYS", f" {encoded(KEYS[1])} , {encoded(KEYS[0])},", "secret_keys", (KEYS[1], KEYS[0])),
        (
            "GATEHOUSE_SECRET_KEYS",
            base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode(),
            "secret_keys",
            (b"\xfb\xff" * 16,),
        ),
        (
            "GATEHOUSE_TRUSTED_PROXIES",
            "10.0.0.0/8, 192.0.2.1,::1",
            "trusted_proxies",
            (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("192.0.2.1"), ipaddress.ip_network("::1")),
        ),
        ("DATABASE_URL", "postgres://u:p@h:5432/db", "database", "postgres://u:p@h:5432/db"),
        ("REDIS_URL", "rediss://h:6379/0", "redis_url", "rediss://h:6379/0"),
        ("GATEHOUSE_REQUEST_RATES", "", "request_rates", {}),
        ("GATEHOUSE_REQUEST_RATES", "AWS", "request_rates", AWS_REQUEST_RATES),
        ("GATEHOUSE_REQUEST_RATES", "UserRead=7, UserList = 1,", "request_rates", {"UserRead": 7, "UserList": 1}),
        ("GATEHOUSE_REQUEST_RATES", "aws,UserRead=7", "request_rates", {**AWS_REQUEST_RATES, "UserRead": 7}),
        ("GATEHOUSE_REQUEST_RATES", "UserRead=7,aws", "request_rates", {**AWS_REQUEST_RATES, "UserRead": 7}),
        ("GATEHOUSE_EMAIL_URL", "smtp+plain://mail:25", "email_url", "smtp+plain://mail:25"),
        ("GATEHOUSE_SMS_URL", "sns:", "sms_url", "sns:"),
        ("GATEHOUSE_SMS_URL", "sns:http://127.0.0.1:5000", "sms_url", "sns:http://127.0.0.1:5000"),
        ("GATEHOUSE_SMS_URL", "https://sms.example/v1?account=7", "sms_url", "https://sms.example/v1?account=7"),
        ("GATEHOUSE_SMS_URL", "http://[::1]:8080", "sms_url", "http://[::1]:8080"),
        ("GATEHOUSE_SMS_TOKEN", "a.b-c/d+e==", "sms_token", "a.b-c/d+e=="),
    ],
)
def test_a_variable_is_read(variable: str, raw: str, name: str, value: Any) -> None:
    assert getattr(load({variable: raw}), name) == value


@pytest.mark.parametrize(
    ("variable", "raw", "advice"),
    [
        ("GATEHOUSE_DEV", "maybe", "use 1 or 0"),
        ("GATEHOUSE_URL", "id.example", "use an absolute http or https URL"),
        ("GATEHOUSE_URL", "ftp://id.example", "use an absolute http or https URL"),
        ("GATEHOUSE_URL", "https://", "use an absolute http or https URL"),
        ("GATEHOUSE_URL", "https://id.example?a=b", "use an absolute http or https URL"),
        ("GATEHOUSE_URL", "https://id.example/#a", "use an absolute http or https URL"),
        ("GATEHOUSE_URL", "https://id.example:99999", ""),
        ("GATEHOUSE_ACCOUNT_ID", "12345", "use twelve digits"),
        ("GATEHOUSE_ACCOUNT_ID", "\u0660" * 12, "use twelve digits"),
        ("GATEHOUSE_WEB_WORKERS", "0", "use a whole number of 1 or more"),
        ("GATEHOUSE_WEB_WORKERS", "-1", "use a whole number of 1 or more"),
        ("GATEHOUSE_WEB_THREADS", "many", "use a whole number of 1 or more"),
        ("GATEHOUSE_MAX_BODY_BYTES", "2 MB", "use a whole number of 1 or more"),
        ("GATEHOUSE_AUDIT_DAYS", "1.5", "use a whole number of 1 or more"),
        ("GATEHOUSE_SIGNING_KEY_STOCK", "-1", "use a whole number of 0 or more"),
        ("GATEHOUSE_LOG_LEVEL", "LOUD", "use DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("GATEHOUSE_TRUSTED_PROXIES", "10.0.0.0/8,proxy", ""),
        ("GATEHOUSE_SECRET_KEYS", "too short", "use base64 of 32 random bytes, several separated by commas"),
        ("GATEHOUSE_SECRET_KEYS", encoded(b"k" * 31), "each key must be base64 of exactly 32 bytes"),
        (
            "GATEHOUSE_SECRET_KEYS",
            f"{encoded(KEYS[0])},{encoded(b'k' * 33)}",
            "each key must be base64 of exactly 32 bytes",
        ),
        ("DATABASE_URL", "mysql://u:p@h/db", "use a URL that begins with postgres://, postgresql://, sqlite://"),
        ("DATABASE_URL", "gatehouse.sqlite3", "use a URL that begins with postgres://, postgresql://, sqlite://"),
        ("REDIS_URL", "localhost:6379", "use a URL that begins with redis://, rediss://, redis+socket://, sentinel://"),
        ("GATEHOUSE_REQUEST_RATES", "UserRead", "UserRead: use a whole number of 1 or more"),
        ("GATEHOUSE_REQUEST_RATES", "aws,UserRead=0", "UserRead: use a whole number of 1 or more"),
        ("GATEHOUSE_REQUEST_RATES", "UserRead=1.5", "UserRead: use a whole number of 1 or more"),
        ("GATEHOUSE_REQUEST_RATES", "userread=1", f"'userread'; there are aws, {', '.join(AWS_REQUEST_RATES)}"),
        ("GATEHOUSE_REQUEST_RATES", "aws=1", f"'aws'; there are aws, {', '.join(AWS_REQUEST_RATES)}"),
        ("GATEHOUSE_EMAIL_URL", "mail.example:25", "use a URL that begins with smtp://, smtps://, smtp+plain://"),
        ("GATEHOUSE_EMAIL_URL", "smtp://", "use a URL that begins with smtp://, smtps://, smtp+plain://"),
        *[
            ("GATEHOUSE_SMS_URL", raw, "without user and password (see GATEHOUSE_SMS_TOKEN)")
            for raw in [
                "sns",
                "SNS:",
                "sns://",
                "sns:eu-west-1",
                "sns:http://",
                "sns:http://127.0.0.1:5000?a=b",
                "sns:sns:",
                "sms.example/v1",
                "smtp://sms.example",
                "https://",
                "https:///v1",
                "https://sms.example:99999",
                "https://sms.example:0",
                "https://sms.example#v1",
                "https://user:c2VjcmV0@sms.example",
                "https://sms.example/a b",
                "https://sms.example/\r\nX: y",
                "https://ünï.example",
            ]
        ],
        ("GATEHOUSE_SMS_TOKEN", "two words", "use printable ASCII characters without spaces"),
        ("GATEHOUSE_SMS_TOKEN", "token\r\nX: y", "use printable ASCII characters without spaces"),
        ("GATEHOUSE_SMS_TOKEN", "tökén", "use printable ASCII characters without spaces"),
        ("GATEHOUSE_SMS_TIMEOUT_SECONDS", "0", "use a whole number of 1 or more"),
    ],
)
def test_what_a_variable_does_not_take_is_told_with_advice(variable: str, raw: str, advice: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({variable: raw})
    assert str(caught.value).startswith(f"{variable} is not usable: ")
    assert str(caught.value).endswith(advice)


@pytest.mark.parametrize(
    ("variable", "raw"),
    [
        ("GATEHOUSE_SECRET_KEYS", "c2VjcmV0IHRoYXQgaXMgdG9vIHNob3J0"),
        ("GATEHOUSE_SECRET_KEYS", "c2VjcmV0!!"),
        ("DATABASE_URL", "mysql://user:c2VjcmV0@host/db"),
        ("GATEHOUSE_EMAIL_URL", "http://user:c2VjcmV0@host"),
        ("GATEHOUSE_SMS_URL", "https://user:c2VjcmV0@host"),
        ("GATEHOUSE_SMS_URL", "https://host:c2VjcmV0/"),
        ("GATEHOUSE_SMS_TOKEN", "c2VjcmV0 "),
    ],
)
def test_the_sentence_does_not_repeat_a_secret(variable: str, raw: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({variable: raw})
    assert "c2VjcmV0" not in str(caught.value)


def test_the_values_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        load({}).url = "http://elsewhere"  # type: ignore[misc]


def test_without_a_database_url_an_sqlite_file_stands_in_the_data_folder(tmp_path: Path) -> None:
    config = load({"GATEHOUSE_DATA": str(tmp_path)})
    assert config.database == f"sqlite:///{tmp_path}/gatehouse.sqlite3"
    assert load({"GATEHOUSE_DATA": "folder"}).database == f"sqlite:///{Path.cwd()}/folder/gatehouse.sqlite3"


def test_the_ring_is_the_environments_else_the_one_in_the_data_folder(tmp_path: Path) -> None:
    environ = {"GATEHOUSE_DATA": str(tmp_path)}
    assert load(environ).ring == ()
    (tmp_path / "secret_keys").write_text(f"{encoded(KEYS[1])}\n")
    assert load(environ).ring == (KEYS[1],)
    assert load({**environ, "GATEHOUSE_SECRET_KEYS": encoded(KEYS[2])}).ring == (KEYS[2],)


def test_every_variable_says_what_it_means() -> None:
    names = [spec.metadata["env"] for spec in fields(Config)]
    assert len(names) == len(set(names))
    for spec in fields(Config):
        assert re.fullmatch(r"GATEHOUSE_[A-Z0-9_]+|DATABASE_URL|REDIS_URL", spec.metadata["env"])
        assert spec.metadata["help"].rstrip().endswith("."), spec.name


def test_a_number_with_a_dimension_names_its_unit() -> None:
    for spec in fields(Config):
        if type(getattr(load({}), spec.name)) is int:
            assert spec.metadata["unit"], spec.name


@pytest.mark.parametrize(
    ("url", "name", "domain"),
    [
        ("http://localhost:8000", "acme", "http://acme.auth.localhost:8000"),
        ("https://ID.Example.com", "acme", "https://acme.auth.id.example.com"),
        ("https://id.example.com:8443/base", "acme", "https://acme.auth.id.example.com:8443"),
    ],
)
def test_a_prefix_domain_stands_below_the_host_of_the_base_url(url: str, name: str, domain: str) -> None:
    assert load({"GATEHOUSE_URL": url}).domain_url(name, is_custom=False) == domain


@pytest.mark.parametrize(
    ("url", "has_name"),
    [
        ("http://localhost", True),
        ("https://id.example.com", True),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_below_an_address_there_are_no_domains(url: str, has_name: bool) -> None:
    assert load({"GATEHOUSE_URL": url}).has_named_host is has_name


def test_hosts_of_prefixes_and_the_base_urls_are_our_own() -> None:
    config = load({"GATEHOUSE_URL": "https://id.example.com:8443"})
    own = ("id.example.com", "acme.auth.id.example.com", "a.b.auth.id.example.com")
    assert all(config.is_own_host(name) for name in own)
    others = ("example.com", "auth.id.example.com", "login.id.example.com", "acme.auth.example.com")
    assert not any(config.is_own_host(name) for name in others)
