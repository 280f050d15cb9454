"""How a pool's text messages go to Amazon, read from its `SmsConfiguration`."""

from __future__ import annotations

from typing import Any

import pytest

from pools.config.messages import SmsSettings

ROLE = "arn:aws:iam::111122223333:role/sms"


def read(**configuration: Any) -> SmsSettings:
    return SmsSettings.read({"SmsConfiguration": configuration})


def test_sns_has_a_role_an_external_id_and_a_region() -> None:
    settings = read(SnsCallerArn=ROLE, ExternalId="x", SnsRegion="eu-west-1")
    assert (settings.role_arn, settings.external_id, settings.region) == (ROLE, "x", "eu-west-1")
    assert not settings.is_eums


def test_end_user_messaging_goes_by_its_own_members_alone() -> None:
    settings = read(ExternalId="of SNS", SnsRegion="eu-west-1", EumsSms={"CallerArn": ROLE, "InEntityId": "1"})
    assert settings.is_eums
    assert (settings.role_arn, settings.external_id, settings.region) == (ROLE, "", "")
    assert settings.country_parameters == {"IN_ENTITY_ID": "1"}


@pytest.mark.parametrize("settings", [{}, {"SmsConfiguration": {}}, {"SmsConfiguration": {"ExternalId": "x"}}])
def test_without_a_role_there_is_none(settings: dict[str, Any]) -> None:
    assert SmsSettings.read(settings).role_arn == ""
