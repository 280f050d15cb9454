"""The names of proofs, as an attempt keeps them: what its user has shown so far."""

from __future__ import annotations

PASSWORD = "password"  # noqa: S105
SRP = "srp"
EMAIL_CODE = "email_code"
SMS_CODE = "sms_code"
CUSTOM = "custom"
FIRST = frozenset({PASSWORD, SRP, EMAIL_CODE, SMS_CODE, CUSTOM})
"""One of these begins every sign-in."""

NEW_PASSWORD = "new_password"  # noqa: S105

SECOND_EMAIL_CODE = "second_email_code"
SECOND_SMS_CODE = "second_sms_code"
SOFTWARE_TOKEN = "software_token"  # noqa: S105
SECOND = frozenset({SECOND_EMAIL_CODE, SECOND_SMS_CODE, SOFTWARE_TOKEN})
"""One of these satisfies MFA."""

ANSWER = "answer"
"""To a question of the pool's functions, right or wrong; what it is worth, they say: CUSTOM, at last."""

CHOICE = "choice"
"""Which factor it is to be; proves nothing."""
