"""SELECT_CHALLENGE and SELECT_MFA_TYPE: the user chooses what to prove next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import orjson

from identity.errors import InvalidParameter
from pools.accounts import second_factors, verification
from pools.config import mfa
from pools.models import Attempt
from pools.signin import proofs
from pools.signin.challenges.base import Proof, required


class SelectChallenge:
    """Source: guide, "Authentication flows", choice-based sign-in."""

    name: ClassVar[str] = "SELECT_CHALLENGE"
    unasked: ClassVar[tuple[str, ...]] = ()

    def offer(self, attempt: Attempt) -> dict[str, str]:
        return {}

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Raises: InvalidParameter, for what was not among AvailableChallenges."""
        chosen = required(answers, "ANSWER")
        if chosen not in attempt.data["available"]:
            raise InvalidParameter(f"{chosen} is not one of the available challenges.")
        return Proof(proofs.CHOICE, data={"first": chosen})


class SelectMfaType:
    """Source: guide, "Adding MFA to a user pool"; RespondToAuthChallenge in the API reference."""

    name: ClassVar[str] = "SELECT_MFA_TYPE"
    unasked: ClassVar[tuple[str, ...]] = ()
    _OTHER_NAMES: ClassVar[Mapping[str, str]] = {"EMAIL_MFA": mfa.EMAIL_OTP}

    def offer(self, attempt: Attempt) -> dict[str, str]:
        factors = second_factors.usable(attempt.user)
        attempt.data = {**attempt.data, "choices": factors}
        parameters = {
            "MFAS_CAN_CHOOSE": orjson.dumps(factors).decode(),
            "MFAS_CAN_SELECT": orjson.dumps(factors).decode(),
            "USER_ID_FOR_SRP": attempt.user.username,
        }
        for factor in factors:
            attribute = mfa.ATTRIBUTES.get(factor)
            if attribute is not None:
                delivery = verification.delivery(attribute, attempt.user.attributes[attribute])
                parameters.setdefault("CODE_DELIVERY_DESTINATION", delivery.destination)
        return parameters

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Raises: InvalidParameter, for what was not among the choices."""
        given = required(answers, "ANSWER")
        chosen = self._OTHER_NAMES.get(given, given)
        if chosen not in attempt.data["choices"]:
            raise InvalidParameter(f"{given} is not one of the MFA types that can be chosen.")
        return Proof(proofs.CHOICE, data={"second": chosen})
