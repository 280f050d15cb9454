"""SOFTWARE_TOKEN_MFA: a code of the user's authenticator app. Source: guide, "TOTP software token MFA"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from identity.errors import SOFTWARE_TOKEN_CODE_WRONG, CodeMismatch
from pools.accounts import software_tokens
from pools.models import Attempt
from pools.signin import lock_out, proofs
from pools.signin.challenges.base import Proof, required


class SoftwareTokenMfa:
    name: ClassVar[str] = "SOFTWARE_TOKEN_MFA"
    unasked: ClassVar[tuple[str, ...]] = ()

    def offer(self, attempt: Attempt) -> dict[str, str]:
        """Raises: NotAuthorized (too many wrong codes)."""
        lock_out.check_may_ask(attempt.user, attempt.name, self.name)
        return {
            "USER_ID_FOR_SRP": attempt.user.username,
            "FRIENDLY_DEVICE_NAME": software_tokens.name_of(attempt.user),
        }

    def check(self, attempt: Attempt, answers: Mapping[str, str]) -> Proof:
        """Raises: CodeMismatch, ExpiredCode (used before), InvalidParameter."""
        given = required(answers, "SOFTWARE_TOKEN_MFA_CODE")
        guard = lock_out.of_code(attempt.user, attempt.name, self.name, SOFTWARE_TOKEN_CODE_WRONG)
        try:
            matched = software_tokens.step_of(attempt.user, given)
        except CodeMismatch:
            guard.failed()
            raise
        guard.passed()
        return Proof(proofs.SOFTWARE_TOKEN, lambda fresh: software_tokens.consume(matched))
