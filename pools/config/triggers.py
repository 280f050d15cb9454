"""Which functions a pool calls, and when. Source: guide, "Customizing user pool workflows with Lambda triggers"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from identity.config import config
from identity.errors import FeatureUnavailableInTier, InvalidParameter
from pools.config.view import View

FIRST = "V1_0"
VERSIONS = {FIRST: "1", "V2_0": "2", "V3_0": "3"}
"""Of the API, and of events."""

_SENDERS = ("CustomSMSSender", "CustomEmailSender")


def stored(members: Mapping[str, Any], tier: str) -> dict[str, Any]:
    """LambdaConfig as it is kept and described. Whether there is a function is seen when it is called, as on AWS.

    Raises: InvalidParameter, FeatureUnavailableInTier.
    """
    given = {name: value for name, value in members.items() if value}
    tokens = given.get("PreTokenGenerationConfig", {})
    arn = given.get("PreTokenGeneration")
    if tokens and arn and tokens["LambdaArn"] != arn:
        raise InvalidParameter(
            "PreTokenGeneration and PreTokenGenerationConfig.LambdaArn must be the same when both are given.",
            field="lambda_config",
        )
    if tokens:
        given["PreTokenGeneration"] = tokens["LambdaArn"]
    elif arn:
        given["PreTokenGenerationConfig"] = {"LambdaVersion": FIRST, "LambdaArn": arn}
    if any(sender in given for sender in _SENDERS) and "KMSKeyID" not in given:
        raise InvalidParameter("KMSKeyID is required with a custom sender.", field="lambda_config")
    for name, arn in _arns(given).items():
        _check_leads_somewhere(name, arn)
    if tier == "LITE" and given.get("PreTokenGenerationConfig", {}).get("LambdaVersion", FIRST) != FIRST:
        raise FeatureUnavailableInTier("Access token customization is not available in the LITE tier.")
    return given


def _arns(configured: Mapping[str, Any]) -> dict[str, str]:
    """By trigger: what each one calls."""
    return {
        name: value["LambdaArn"] if isinstance(value, Mapping) else value
        for name, value in configured.items()
        if name not in {"KMSKeyID", "PreTokenGenerationConfig"}
    }


def _check_leads_somewhere(name: str, arn: str) -> None:
    """A function, of whatever account and region, or a webhook of this installation.

    Raises: InvalidParameter (the text is assumed).
    """
    service, _, account, kind, *called = arn.split(":")[2:]
    is_function = (service, kind) == ("lambda", "function")
    is_webhook = (service, kind, account) == ("gatehouse", "webhook", config.account_id)
    if not called or not (is_function or is_webhook):
        raise InvalidParameter(f"{name}: {arn} is not the ARN of a function.", field="lambda_config")


@dataclass(frozen=True, slots=True)
class TriggerSettings(View):
    """`arns` are those of a pool's triggers, by name; `token_version` is that of the events of PreTokenGeneration."""

    arns: Mapping[str, str]
    token_version: str
    encryption_key: str

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        configured = settings.get("LambdaConfig", {})
        tokens = configured.get("PreTokenGenerationConfig", {})
        return cls(_arns(configured), VERSIONS[tokens.get("LambdaVersion", FIRST)], configured.get("KMSKeyID", ""))
