"""Which functions a pool calls, and when. Source: guide, "Customizing user pool workflows with Lambda triggers"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from identity.errors import InvalidParameter
from pools.config.view import View

VERSIONS = {"V1_0": "1", "V2_0": "2", "V3_0": "3"}
"""Of the API, and of events."""

_SENDERS = ("CustomSMSSender", "CustomEmailSender")
_VERSIONED = ("PreTokenGenerationConfig", *_SENDERS, "InboundFederation")


def stored(members: Mapping[str, Any]) -> dict[str, Any]:
    """LambdaConfig as it is kept and described.

    Raises: InvalidParameter.
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
        given["PreTokenGenerationConfig"] = {"LambdaVersion": "V1_0", "LambdaArn": arn}
    if any(sender in given for sender in _SENDERS) and "KMSKeyID" not in given:
        raise InvalidParameter("KMSKeyID is required with a custom sender.", field="lambda_config")
    return given


@dataclass(frozen=True, slots=True)
class TriggerSettings(View):
    """`arns` are those of a pool's triggers, by name; `token_version` is that of the events of PreTokenGeneration."""

    arns: Mapping[str, str]
    token_version: str
    encryption_key: str

    @classmethod
    def read(cls, settings: Mapping[str, Any]) -> Self:
        configured = settings.get("LambdaConfig", {})
        arns = {
            name: value["LambdaArn"] if isinstance(value, Mapping) else value
            for name, value in configured.items()
            if name not in {"KMSKeyID", "PreTokenGenerationConfig"}
        }
        tokens = configured.get("PreTokenGenerationConfig", {})
        return cls(arns, VERSIONS[tokens.get("LambdaVersion", "V1_0")], configured.get("KMSKeyID", ""))
