"""NEW_PASSWORD_REQUIRED: a user with a temporary password sets their own, and required attributes still missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import orjson

from identity import clock
from identity.errors import SESSION_INVALID, AliasExists, InvalidParameter, NotAuthorized, UsernameExists
from pools.accounts import attributes as user_attributes
from pools.accounts import passwords, search
from pools.accounts.passwords import Derived
from pools.config.client import ClientSettings
from pools.config.schema import DEVELOPER_PREFIX, Schema
from pools.models import Attempt, User
from pools.models.user import UserStatus
from pools.signin import proofs
from pools.signin.challenges.base import Proof, required

_PREFIX = "userAttributes."


class NewPassword:
    """Source: API reference, RespondToAuthChallenge, NEW_PASSWORD_REQUIRED."""

    name: ClassVar[str] = "NEW_PASSWORD_REQUIRED"
    unasked: ClassVar[tuple[str, ...]] = ()

    def offer(self, attempt: Attempt) -> dict[str, str]:
        user = attempt.user
        client = ClientSettings.of(attempt.client)
        shown = {
            name: value
            for name, value in user.attributes.items()
            if client.may_read(name) and not name.startswith(DEVELOPER_PREFIX)
        }
        missing = [f"{_PREFIX}{name}" for name in self._missing(user)]
        return {
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": orjson.dumps(missing).decode(),
            "userAttributes": orjson.dumps(shown).decode(),
        }

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """The new password and the attributes that were missing.

        Raises: InvalidPassword, PasswordHistoryPolicyViolation, InvalidParameter, NotAuthorized (attribute),
        AliasExists.
        """
        user = attempt.user
        password = required(answers, "NEW_PASSWORD")
        given = {
            name.removeprefix(_PREFIX): value for name, value in answers.items() if name.startswith(_PREFIX) and value
        }
        given = user_attributes.normalised(user.pool, given)
        passwords.check_new(user, password)
        self._check_attributes(attempt, given)
        derived = passwords.derive(user, password)
        return Proof(proofs.NEW_PASSWORD, lambda fresh: self._set(attempt, fresh, derived, given), given)

    def _set(self, attempt: Attempt, fresh: User, derived: Derived, given: Mapping[str, str]) -> None:
        if fresh.status != UserStatus.FORCE_CHANGE_PASSWORD:
            raise NotAuthorized(SESSION_INVALID)
        fresh.attributes = {**fresh.attributes, **given}
        fresh.status = UserStatus.CONFIRMED
        fresh.modified_at = clock.now()
        fresh.save(update_fields=["attributes", "status", "modified_at"])
        try:
            user_attributes.claim_names(fresh)
        except UsernameExists as error:  # the model lists AliasExists alone for answers
            raise AliasExists(error.message) from None
        search.index(fresh)
        passwords.store(fresh, derived, temporary=False)
        attempt.data = {**attempt.data, "password_at": clock.now().isoformat()}

    def _check_attributes(self, attempt: Attempt, given: Mapping[str, str]) -> None:
        pool = attempt.user.pool
        user_attributes.check_values(pool, given)
        user_attributes.check_writable(attempt.client, given)
        for name, value in given.items():
            current = attempt.user.attributes.get(name)
            if current is not None and current != value:
                raise NotAuthorized(f"Cannot modify an already provided {name}")
        still_missing = [name for name in self._missing(attempt.user) if name not in given]
        if still_missing:
            raise InvalidParameter(f"Invalid attributes given, {still_missing[0]} is missing")

    def _missing(self, user: User) -> list[str]:
        return [name for name in Schema.of(user.pool).required if not user.attributes.get(name)]
