"""PASSWORD: the password in clear. First step of the password flows, and a choice in USER_AUTH."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from identity import clock
from identity.errors import NotAuthorized, PasswordResetRequired
from pools.accounts import passwords
from pools.config.client import ClientSettings
from pools.models import Attempt
from pools.models.user import UserStatus
from pools.signin import lock_out, proofs, standing
from pools.signin.challenges.base import Proof, required


class Password:
    """A wrong password is told before any status, so that a status is shown only to who knows the password."""

    name: ClassVar[str] = "PASSWORD"
    unasked: ClassVar[tuple[str, ...]] = ("PASSWORD",)

    def offer(self, attempt: Attempt) -> dict[str, str]:
        return {"USERNAME": attempt.name, "USER_ID_FOR_SRP": attempt.user.username}

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Raises: NotAuthorized, UserNotConfirmed, PasswordResetRequired, InvalidParameter."""
        given = required(answers, "PASSWORD")
        user = attempt.user
        now = clock.now()
        attempted = lock_out.of_password(user, attempt.name)
        if not attempted.is_correct(given):
            attempted.failed()
            hides_existence = ClientSettings.of(attempt.client).hides_existence
            if user.status == UserStatus.RESET_REQUIRED and not hides_existence and not passwords.is_set(user):
                raise PasswordResetRequired()  # imported without a password: there is no right one to give first
            raise NotAuthorized()
        attempted.passed()
        standing.check(user)
        return Proof(proofs.PASSWORD, data={"password_at": now.isoformat()})
