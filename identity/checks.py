"""System checks: what must not run in production, and contradictions, each with what to set instead."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from identity import arns
from identity.config import config
from pools.config.triggers import TriggerSettings
from pools.models import Function, Pool, Webhook

_LEAST_MEMORY_KIB, _LEAST_TIME = 19456, 2
_NAMED = 3
"""How many pools a warning names."""


@register("gatehouse")
def configuration(app_configs: object = None, **options: Any) -> list[CheckMessage]:
    """Judges `identity.config`. With --dev only what could never work is an error."""
    found = _contradictions()
    return found if config.dev else found + _insecure()


@register("gatehouse", Tags.database)
def missing_targets(
    app_configs: object = None, databases: Sequence[str] | None = None, **options: Any
) -> list[CheckMessage]:
    """Names the functions and webhooks that pools call and that are not there: what calls them fails."""
    if not databases:
        return []
    try:
        callers = _callers()
    except DatabaseError:  # before its first migration a database has no pools
        return []
    return [
        Warning(
            f"{arn} is called by {_some(pool_ids)}, and is not there: deploy it, or take it out of their LambdaConfig.",
            id="gatehouse.W020",
        )
        for arn, pool_ids in callers.items()
    ]


def _callers() -> dict[str, list[str]]:
    """By ARN that leads nowhere: the pools that call it. What is at AWS is not asked about."""
    there = {arns.function(*names) for names in Function.objects.values_list("region", "name")}
    there |= {arns.webhook(name) for name in Webhook.objects.values_list("name", flat=True)}
    callers = defaultdict(list)
    for pool in Pool.objects.filter(deleted_at=None).only("id", "settings").order_by("id").iterator():
        for arn in sorted(set(TriggerSettings.of(pool).arns.values())):
            parts = arn.split(":")
            if ":".join(parts[:7]) not in there and not (parts[2] == "lambda" and config.lambda_url):
                callers[arn].append(pool.id)
    return callers


def _some(pool_ids: list[str]) -> str:
    more = len(pool_ids) - _NAMED
    return ", ".join(pool_ids[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _contradictions() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if bool(config.access_key_id) != bool(config.secret_access_key):
        found.append(
            Error("Set both GATEHOUSE_ACCESS_KEY_ID and GATEHOUSE_SECRET_ACCESS_KEY, or neither.", id="gatehouse.E001")
        )
    if config.access_key_id and not re.fullmatch("[A-Za-z0-9]{16,128}", config.access_key_id):
        found.append(Error("GATEHOUSE_ACCESS_KEY_ID must be 16 to 128 letters and digits.", id="gatehouse.E002"))
    return found


def _insecure() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not config.secret_keys:
        found.append(
            Error(
                "There is no key ring: set GATEHOUSE_SECRET_KEYS to base64 of 32 random bytes, for example from "
                "`openssl rand -base64 32`, and keep it: what it encrypts cannot be read without it.",
                id="gatehouse.E010",
            )
        )
    if urlsplit(config.url).scheme != "https":
        found.append(
            Error(
                "GATEHOUSE_URL must begin with https:// outside development: set it to the address that clients use, "
                "served by a proxy that ends TLS.",
                id="gatehouse.E011",
            )
        )
    if config.argon2_memory_kib < _LEAST_MEMORY_KIB or config.argon2_time < _LEAST_TIME:
        found.append(
            Error(
                f"Password hashing is too weak: set GATEHOUSE_ARGON2_MEMORY_KIB to at least {_LEAST_MEMORY_KIB} and "
                f"GATEHOUSE_ARGON2_TIME to at least {_LEAST_TIME}.",
                id="gatehouse.E012",
            )
        )
    if config.secret_access_key and len(config.secret_access_key) < 32:
        found.append(Error("GATEHOUSE_SECRET_ACCESS_KEY must have at least 32 characters.", id="gatehouse.E013"))
    found += _unencrypted()
    if not config.email_url:
        found.append(
            Warning(
                "No e-mail can be sent: set GATEHOUSE_EMAIL_URL, for example to smtp://user:password@mail.example:587.",
                id="gatehouse.W015",
            )
        )
    return found


def _unencrypted() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    email = urlsplit(config.email_url)
    if email.scheme == "smtp+plain" and not _is_local(email.hostname or ""):
        found.append(
            Error(
                "GATEHOUSE_EMAIL_URL sends codes unencrypted: use smtp:// (STARTTLS) or smtps:// (TLS).",
                id="gatehouse.E014",
            )
        )
    sms = urlsplit(config.sms_url.removeprefix("sns:"))
    if sms.scheme == "http" and not _is_local(sms.hostname or ""):
        found.append(Error("GATEHOUSE_SMS_URL sends codes unencrypted: use an https:// URL.", id="gatehouse.E016"))
    return found


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost"
