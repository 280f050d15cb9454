"""System checks: what must not run, told with what to set instead."""

from __future__ import annotations

import base64

import pytest

from identity import checks
from identity.config import load

SOUND = {
    "GATEHOUSE_URL": "https://id.example",
    "GATEHOUSE_SECRET_KEYS": base64.b64encode(b"k" * 32).decode(),
    "GATEHOUSE_EMAIL_URL": "smtp://user:password@mail.example",
}
KEY = {"GATEHOUSE_ACCESS_KEY_ID": "AKIATESTOPERATOR0001", "GATEHOUSE_SECRET_ACCESS_KEY": "s" * 32}


def found(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> list[str]:
    """The ids of what is reported for an environment."""
    monkeypatch.setattr(checks, "config", load(environ))
    return [str(message.id) for message in checks.configuration()]


def test_a_sound_production_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, SOUND) == []
    assert found(monkeypatch, {**SOUND, **KEY}) == []


def test_an_empty_environment_is_refused_for_each_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, {}) == ["gatehouse.E010", "gatehouse.E011", "gatehouse.W015"]


def test_development_passes_with_nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, {"GATEHOUSE_DEV": "1", "GATEHOUSE_ARGON2_TIME": "1"}) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"GATEHOUSE_SECRET_KEYS": ""}, "gatehouse.E010"),
        ({"GATEHOUSE_URL": "http://id.example"}, "gatehouse.E011"),
        ({"GATEHOUSE_ARGON2_MEMORY_KIB": "19455"}, "gatehouse.E012"),
        ({"GATEHOUSE_ARGON2_TIME": "1"}, "gatehouse.E012"),
        ({**KEY, "GATEHOUSE_SECRET_ACCESS_KEY": "s" * 31}, "gatehouse.E013"),
        ({"GATEHOUSE_EMAIL_URL": "smtp+plain://mail.example"}, "gatehouse.E014"),
        ({"GATEHOUSE_EMAIL_URL": "smtp+plain://8.8.8.8"}, "gatehouse.E014"),
        ({"GATEHOUSE_EMAIL_URL": ""}, "gatehouse.W015"),
        ({"GATEHOUSE_SMS_URL": "http://sms.example/messages"}, "gatehouse.E016"),
        ({"GATEHOUSE_SMS_URL": "sns:http://8.8.8.8"}, "gatehouse.E016"),
        ({"GATEHOUSE_ACCESS_KEY_ID": KEY["GATEHOUSE_ACCESS_KEY_ID"]}, "gatehouse.E001"),
        ({"GATEHOUSE_SECRET_ACCESS_KEY": "s" * 32}, "gatehouse.E001"),
        ({**KEY, "GATEHOUSE_ACCESS_KEY_ID": "short"}, "gatehouse.E002"),
        ({**KEY, "GATEHOUSE_ACCESS_KEY_ID": "A" * 129}, "gatehouse.E002"),
        ({**KEY, "GATEHOUSE_ACCESS_KEY_ID": "AKIA_WITH_UNDERSCORE"}, "gatehouse.E002"),
        # letters, but none that a signature may name
        ({**KEY, "GATEHOUSE_ACCESS_KEY_ID": "é" * 20}, "gatehouse.E002"),
    ],
)
def test_one_fault_is_one_report(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], expected: str) -> None:
    assert found(monkeypatch, {**SOUND, **changes}) == [expected]


@pytest.mark.parametrize(
    "email_url",
    [
        "smtp+plain://localhost",
        "smtp+plain://127.0.0.1:2525",
        "smtp+plain://10.1.2.3",
        "smtp+plain://[::1]:25",
        "smtps://mail.example",
    ],
)
def test_unencrypted_mail_may_go_to_a_private_address(monkeypatch: pytest.MonkeyPatch, email_url: str) -> None:
    assert found(monkeypatch, {**SOUND, "GATEHOUSE_EMAIL_URL": email_url}) == []


@pytest.mark.parametrize(
    "sms_url",
    [
        "sns:",
        "sns:http://127.0.0.1:5000",
        "sns:https://sns.example",
        "http://10.1.2.3/messages",
        "http://localhost:9000",
        "https://sms.example",
    ],
)
def test_text_messages_may_go_to_amazon_encrypted_or_to_a_private_address(
    monkeypatch: pytest.MonkeyPatch, sms_url: str
) -> None:
    assert found(monkeypatch, {**SOUND, "GATEHOUSE_SMS_URL": sms_url}) == []


def test_contradictions_are_refused_in_development_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, {"GATEHOUSE_DEV": "1", "GATEHOUSE_ACCESS_KEY_ID": "short"}) == [
        "gatehouse.E001",
        "gatehouse.E002",
    ]


def test_reports_tell_what_to_set_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {
        "GATEHOUSE_URL": "http://id.example",
        "GATEHOUSE_EMAIL_URL": "smtp+plain://user:hunter2@mail.example",
        "GATEHOUSE_SMS_URL": "http://sms.example?key=hunter2",
        "GATEHOUSE_SMS_TOKEN": "hunter2",
        "GATEHOUSE_ACCESS_KEY_ID": "x",
        "GATEHOUSE_SECRET_ACCESS_KEY": "hunter2",
        "GATEHOUSE_ARGON2_TIME": "1",
    }
    monkeypatch.setattr(checks, "config", load(environ))
    for message in checks.configuration():
        assert "GATEHOUSE_" in message.msg
        assert "hunter2" not in message.msg
