"""Every environment variable Gatehouse reads: type, default, unit, meaning. Nothing else reads the environment.

The values are resolved once, into one frozen object, `config`; a value that does not parse stops the start
with a sentence that names it. Contradictions between values are the business of `identity.checks`.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class ConfigError(Exception):
    """A value that cannot be used; the text says which, and what to set."""


def _text(raw: str) -> str:
    return raw


def _flag(raw: str) -> bool:
    folded = raw.strip().lower()
    if folded in {"1", "true", "yes", "on"}:
        return True
    if folded in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("use 1 or 0")


def _url(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("use an absolute http or https URL")
    _ = parts.port  # raises ValueError where there can be no such port
    return raw.rstrip("/")


def _service_url(*schemes: str) -> Callable[[str], str]:
    """A URL of another service, or none. What is wrong is told without the value: it may hold a password."""

    def parse(raw: str) -> str:
        scheme, _, rest = raw.partition("://")
        if raw and (scheme not in schemes or not rest):
            raise ValueError(f"use a URL that begins with {', '.join(f'{name}://' for name in schemes)}")
        return raw

    return parse


def _lambda_url(raw: str) -> str:
    return raw if raw in {"", "aws:"} else _url(raw)


def _sms_url(raw: str) -> str:
    """What carries text messages, or nothing. What is wrong is told without the value: it may hold a key."""
    is_sns, url = raw.startswith("sns:"), raw.removeprefix("sns:")
    if url and not _is_sms_address(url, may_have_query=not is_sns):
        raise ValueError(
            "use sns:, sns: followed by the http or https URL of an endpoint, or the http or https URL of a gateway, "
            "without user and password (see GATEHOUSE_SMS_TOKEN)"
        )
    return raw


def _is_sms_address(url: str, *, may_have_query: bool) -> bool:
    try:
        parts = urlsplit(url)
        is_reachable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    is_plain = url.isascii() and url.isprintable() and " " not in url
    is_bare = "@" not in parts.netloc and not parts.fragment
    return is_reachable and is_plain and is_bare and (may_have_query or not parts.query)


def _token(raw: str) -> str:
    if not (raw.isascii() and raw.isprintable()) or " " in raw:
        raise ValueError("use printable ASCII characters without spaces")
    return raw


def _account(raw: str) -> str:
    if len(raw) != 12 or not raw.isascii() or not raw.isdigit():
        raise ValueError("use twelve digits")
    return raw


def _count(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit():
        raise ValueError("use a whole number of 0 or more")
    return int(raw)


def _positive(raw: str) -> int:
    if not raw.isascii() or not raw.isdigit() or int(raw) < 1:
        raise ValueError("use a whole number of 1 or more")
    return int(raw)


def _level(raw: str) -> str:
    if raw.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("use DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return raw.upper()


def _names(raw: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in raw.split(",") if part.strip())


def _networks(raw: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(part, strict=False) for part in _names(raw))


def decode_secret_keys(raw: str) -> tuple[bytes, ...]:
    """32-byte keys, base64 (standard or URL-safe), separated by commas; the first one encrypts."""
    keys = []
    for part in _names(raw):
        try:
            key = base64.b64decode(part.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error as error:
            raise ValueError("use base64 of 32 random bytes, several separated by commas") from error
        if len(key) != 32:
            raise ValueError("each key must be base64 of exactly 32 bytes")
        keys.append(key)
    return tuple(keys)


AWS_REQUEST_RATES: Mapping[str, int] = {
    "UserAuthentication": 120,
    "UserCreation": 50,
    "UserFederation": 25,
    "UserAccountRecovery": 30,
    "UserRead": 120,
    "UserUpdate": 25,
    "UserToken": 120,
    "UserResourceRead": 50,
    "UserResourceUpdate": 25,
    "UserList": 30,
    "UserPoolRead": 15,
    "UserPoolUpdate": 15,
    "UserPoolResourceRead": 20,
    "UserPoolResourceUpdate": 15,
    "UserPoolClientRead": 15,
    "UserPoolClientUpdate": 15,
    "ClientAuthentication": 150,
    "LimitManagement": 1,
    "PerUserPool": 5,
}
"""Requests a second that AWS takes by default: of each category of operations, and (`PerUserPool`) of one operation
on one pool in the categories of a pool's resources and clients. Source: guide, "Quotas in Amazon Cognito"."""


def _rates(raw: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for part in _names(raw):
        name, _, rate = (piece.strip() for piece in part.partition("="))
        if part.lower() == "aws":
            found = {**AWS_REQUEST_RATES, **found}
        elif name not in AWS_REQUEST_RATES:
            raise ValueError(f"there is no category {name!r}; there are aws, {', '.join(AWS_REQUEST_RATES)}")
        else:
            try:
                found[name] = _positive(rate)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
    return found


def _setting(env: str, default: str, parse: Callable[[str], Any], *, unit: str = "", help: str) -> Any:
    return field(metadata={"env": env, "default": default, "parse": parse, "unit": unit, "help": help})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The resolved environment. Each field's metadata carries the variable's name, default, unit and meaning."""

    dev: bool = _setting(
        "GATEHOUSE_DEV", "0", _flag, help="Development: outbox, settable clock, generated keys. Set by `serve --dev`."
    )
    url: str = _setting(
        "GATEHOUSE_URL",
        "http://localhost:8000",
        _url,
        help="The public base URL. Issuers and links come from it, never from the Host header.",
    )
    data: Path = _setting(
        "GATEHOUSE_DATA",
        ".gatehouse",
        Path,
        help="Folder of what an installation keeps beside its database: SQLite file, keys made by --dev, queues.",
    )
    database_url: str = _setting(
        "DATABASE_URL",
        "",
        _service_url("postgres", "postgresql", "sqlite"),
        help="Database as a URL; empty: an SQLite file in GATEHOUSE_DATA.",
    )
    redis_url: str = _setting(
        "REDIS_URL",
        "",
        _service_url("redis", "rediss", "redis+socket", "sentinel"),
        help="Broker and results of Celery; empty: the embedded broker in GATEHOUSE_DATA.",
    )
    secret_keys: tuple[bytes, ...] = _setting(
        "GATEHOUSE_SECRET_KEYS",
        "",
        decode_secret_keys,
        help="Key ring: base64 of 32 bytes each, separated by commas. The first encrypts, all decrypt.",
    )
    account_id: str = _setting("GATEHOUSE_ACCOUNT_ID", "000000000000", _account, help="AWS account id in ARNs.")
    operator: str = _setting("GATEHOUSE_OPERATOR", "operator", _text, help="Name of the first operator.")
    operator_password: str = _setting(
        "GATEHOUSE_OPERATOR_PASSWORD", "", _text, help="Password of the first operator; empty: made, printed once."
    )
    access_key_id: str = _setting(
        "GATEHOUSE_ACCESS_KEY_ID", "", _text, help="The first access key's id; empty: made at bootstrap."
    )
    secret_access_key: str = _setting(
        "GATEHOUSE_SECRET_ACCESS_KEY", "", _text, help="The first access key's secret; empty: made, printed once."
    )
    trusted_proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = _setting(
        "GATEHOUSE_TRUSTED_PROXIES", "", _networks, help="Networks whose X-Forwarded-For names the caller's address."
    )
    web_workers: int = _setting(
        "GATEHOUSE_WEB_WORKERS",
        str(os.cpu_count() or 1),
        _positive,
        unit="processes",
        help="Web worker processes. By default one a processor core.",
    )
    web_threads: int = _setting(
        "GATEHOUSE_WEB_THREADS", "16", _positive, unit="threads", help="Threads of each web worker."
    )
    max_body_bytes: int = _setting(
        "GATEHOUSE_MAX_BODY_BYTES", "2097152", _positive, unit="bytes", help="Longest request body that is read."
    )
    argon2_memory_kib: int = _setting(
        "GATEHOUSE_ARGON2_MEMORY_KIB", "19456", _positive, unit="KiB", help="Memory cost of argon2id."
    )
    argon2_time: int = _setting("GATEHOUSE_ARGON2_TIME", "2", _positive, unit="passes", help="Time cost of argon2id.")
    hashing_concurrency: int = _setting(
        "GATEHOUSE_HASHING_CONCURRENCY",
        "1",
        _positive,
        unit="hashes",
        help="Password hashes computed at once in one web worker, so that other requests keep moving.",
    )
    email_url: str = _setting(
        "GATEHOUSE_EMAIL_URL",
        "",
        _service_url("smtp", "smtps", "smtp+plain"),
        help="smtp://user:password@host:587 (STARTTLS), smtps://host:465 (TLS) or smtp+plain://host:25 (neither). "
        "Empty: the outbox with --dev, otherwise e-mail cannot be delivered.",
    )
    email_from: str = _setting(
        "GATEHOUSE_EMAIL_FROM",
        "no-reply@localhost",
        _text,
        help="Sender of e-mail for pools that name none.",
    )
    email_timeout_seconds: int = _setting(
        "GATEHOUSE_EMAIL_TIMEOUT_SECONDS", "10", _positive, unit="seconds", help="Longest wait for the SMTP server."
    )
    sms_url: str = _setting(
        "GATEHOUSE_SMS_URL",
        "",
        _sms_url,
        help="sns: for Amazon (with boto3's own credentials), sns:http://127.0.0.1:5000 for an endpoint in its place, "
        "https://sms.example/messages for a gateway that takes JSON. "
        "Empty: the outbox with --dev, otherwise text messages cannot be delivered.",
    )
    sms_token: str = _setting("GATEHOUSE_SMS_TOKEN", "", _token, help="Bearer token for the SMS gateway.")
    sms_timeout_seconds: int = _setting(
        "GATEHOUSE_SMS_TIMEOUT_SECONDS",
        "10",
        _positive,
        unit="seconds",
        help="Longest wait for what carries text messages.",
    )
    functions_socket: str = _setting(
        "GATEHOUSE_FUNCTIONS_SOCKET",
        "",
        _text,
        help="Unix socket of the process that runs functions. `serve` sets it; a worker without one starts its own.",
    )
    functions_instances: int = _setting(
        "GATEHOUSE_FUNCTIONS_INSTANCES",
        "16",
        _positive,
        unit="processes",
        help="Most processes of functions, busy and warm, at once on one machine.",
    )
    functions_uid: int = _setting(
        "GATEHOUSE_FUNCTIONS_UID",
        "59000",
        _positive,
        unit="user id",
        help="The first of the user ids that functions run under where Gatehouse runs as root, one a process.",
    )
    functions_unisolated: bool = _setting(
        "GATEHOUSE_FUNCTIONS_UNISOLATED",
        "0",
        _flag,
        help="Run functions also where nothing keeps them from Gatehouse's own files. For code that you trust alone.",
    )
    lambda_url: str = _setting(
        "GATEHOUSE_LAMBDA_URL",
        "",
        _lambda_url,
        help="aws: for AWS Lambda (with boto3's own credentials), or the URL of an endpoint in its place. "
        "Empty: triggers invoke nothing there.",
    )
    outbound_networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = _setting(
        "GATEHOUSE_OUTBOUND_NETWORKS",
        "",
        _networks,
        help="Private networks that webhooks may be in, for example 10.1.0.0/16. By default none.",
    )
    invocation_days: int = _setting(
        "GATEHOUSE_INVOCATION_DAYS",
        "14",
        _positive,
        unit="days",
        help="How long the record of a trigger's invocation is kept.",
    )
    request_rates: Mapping[str, int] = _setting(
        "GATEHOUSE_REQUEST_RATES",
        "",
        _rates,
        unit="requests a second",
        help="Request rates by category of operations: aws for AWS's default ones, Category=number for others, "
        "separated by commas. Empty: none are kept.",
    )
    page_forms: int = _setting(
        "GATEHOUSE_PAGE_FORMS",
        "200",
        _count,
        unit="forms in five minutes",
        help="Forms that one address may send to the sign-in pages of one user pool in five minutes; 0: any number.",
    )
    signing_key_stock: int = _setting(
        "GATEHOUSE_SIGNING_KEY_STOCK",
        "4",
        _count,
        unit="key pairs",
        help="RSA key pairs made ahead, so that creating a pool does not wait for them.",
    )
    log_level: str = _setting("GATEHOUSE_LOG_LEVEL", "INFO", _level, help="Least severe level that is logged.")
    audit_days: int = _setting(
        "GATEHOUSE_AUDIT_DAYS", "365", _positive, unit="days", help="How long audit rows are kept."
    )

    def domain_url(self, name: str, *, is_custom: bool) -> str:
        """The base URL of a pool's domain: a prefix stands before `.auth.` and the host of the base URL."""
        base = urlsplit(self.url)
        host = name if is_custom else f"{name}.auth.{base.hostname}"
        return f"{base.scheme}://{host}" + (f":{base.port}" if base.port else "")

    @property
    def host(self) -> str:
        """The host of the base URL, without its port."""
        return urlsplit(self.url).hostname or ""

    @property
    def has_named_host(self) -> bool:
        """Whether the host is a name, below which there can be domains, and not an address."""
        return ":" not in self.host and not self.host.rpartition(".")[2].isdigit()

    def is_own_host(self, name: str) -> bool:
        """Whether a host is the installation's, or would be a prefix domain's."""
        return name == self.host or name.endswith(f".auth.{self.host}")

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.url.startswith("https:")

    @property
    def database(self) -> str:
        """The database URL with the SQLite default filled in."""
        return self.database_url or f"sqlite:///{(self.data / 'gatehouse.sqlite3').absolute()}"

    @property
    def key_file(self) -> Path:
        """Where `serve --dev` keeps the key ring it made."""
        return self.data / "secret_keys"

    @property
    def ring(self) -> tuple[bytes, ...]:
        """The keys in use: the environment's, else those that `serve --dev` left in the data folder."""
        if self.secret_keys or not self.key_file.exists():
            return self.secret_keys
        return decode_secret_keys(self.key_file.read_text().strip())


def load(environ: Mapping[str, str]) -> Config:
    """Raises: ConfigError, naming the variable and what it should hold."""
    values: dict[str, Any] = {}
    for spec in fields(Config):
        env = spec.metadata["env"]
        raw = environ.get(env) or spec.metadata["default"]
        try:
            values[spec.name] = spec.metadata["parse"](raw)
        except ValueError as error:
            raise ConfigError(f"{env} is not usable: {error}") from error
    return Config(**values)


config = load(os.environ)
