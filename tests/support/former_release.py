"""The database as a former release left it: its tables, and rows that it would have written.

Written with the models as the migrations of that release describe them, in a process of the installation's own.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import uuid
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from identity import clock
from identity.keys import rotation
from pools.accounts import passwords
from pools.config import schema
from tests.support.factories import PASSWORD
from tests.support.server import SQLITE_FILE, Server, new_database, new_server

BEFORE_SECOND_FACTORS = "0003_search_values"
BEFORE_TRIGGERS = "0005_queued_messages"
"""The last migration of `pools` in a release; the kernel had one."""
MESSAGE_ID, CODE = "<former@localhost>", "314159"
POOL_ID, CLIENT_ID = "us-east-1_Former001", "formerclient00000000000000"
SESSION = "formerhandle0000000000." + "s" * 64
REFRESH_TOKEN = "former-refresh-token"
_POOL_SETTINGS: dict[str, Any] = {
    "AutoVerifiedAttributes": ["email"],
    "DeletionProtection": "INACTIVE",
    "LambdaConfig": {},
    "MfaConfiguration": "OFF",
    "UserPoolTier": "ESSENTIALS",
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
    "AcrConfiguration": {f"Level{level}": {"AcrValue": f"urn:cognito:loa:{level}"} for level in range(1, 5)},
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": []},
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 8,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": True,
            "TemporaryPasswordValidityDays": 7,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    },
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
}
_CLIENT_SETTINGS: dict[str, Any] = {
    "ExplicitAuthFlows": [
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_USER_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    ],
    "RefreshTokenValidity": 30,
    "AuthSessionValidity": 15,
    "EnableTokenRevocation": True,
    "EnablePropagateAdditionalUserContextData": False,
    "AllowedOAuthFlowsUserPoolClient": False,
}


def installed(release: str, **environment: str) -> Server:
    """An installation that is not started yet, whose database is that of a release, with people in it."""
    ring = base64.b64encode(b"r" * 32).decode()
    database_url = new_database() if os.environ.get("DATABASE_URL") else None
    server = new_server("--dev", database_url=database_url, GATEHOUSE_SECRET_KEYS=ring, **environment)
    if database_url is None:
        (server.data / SQLITE_FILE).unlink()
    code = f"from tests.support import former_release; former_release.make({release!r})"
    server.manage("shell", "-v0", "-c", code)
    return server


def make(release: str) -> None:
    """Bring the database of this process, which is empty, to a release, and people into it."""
    call_command("migrate", "identity", "0001_initial", verbosity=0)
    call_command("migrate", "pools", release, verbosity=0)
    populate(release)


def populate(release: str) -> None:
    """`ada` is confirmed and signed in, `bob` has begun to sign in with a temporary password.

    Where messages could wait, one does: a code for `ada`, who has forgotten her password.
    """
    models = MigrationExecutor(connection).loader.project_state(("pools", release)).apps
    settings = {**_POOL_SETTINGS, "SchemaAttributes": json.loads(json.dumps(schema.stored_schema(())))}
    pool = models.get_model("pools", "Pool").objects.create(
        id=POOL_ID, name="former", region="us-east-1", settings=settings
    )
    rotation.assign(POOL_ID)
    client = models.get_model("pools", "Client").objects.create(
        pool=pool, client_id=CLIENT_ID, name="app", settings=_CLIENT_SETTINGS
    )
    ada = _user(models, pool, "ada", "CONFIRMED")
    bob = _user(models, pool, "bob", "FORCE_CHANGE_PASSWORD")
    models.get_model("pools", "Session").objects.create(
        pool=pool,
        user=ada,
        client=client,
        refresh_digest=hashlib.sha256(REFRESH_TOKEN.encode()).digest(),
        scope="aws.cognito.signin.user.admin",
        authenticated_at=clock.now(),
        expires_at=clock.now() + timedelta(days=30),
    )
    models.get_model("pools", "Attempt").objects.create(
        handle=SESSION.partition(".")[0],
        digest=hashlib.sha256(SESSION.encode()).digest(),
        pool=pool,
        client=client,
        **{"user" if release == BEFORE_SECOND_FACTORS else "holder": bob},
        channel="api",
        flow="USER_PASSWORD_AUTH",
        challenge="NEW_PASSWORD_REQUIRED",
        proofs=["password"],
        expires_at=clock.now() + timedelta(minutes=15),
    )
    if release >= BEFORE_TRIGGERS:
        _leave_message(models, pool, ada)


def _leave_message(models: Any, pool: Any, user: Any) -> None:
    models.get_model("pools", "QueuedMessage").objects.create(
        message_id=MESSAGE_ID,
        pool=pool,
        holder=user,
        username=user.username,
        channel="EMAIL",
        to=user.attributes["email"],
        kind="ForgotPassword",
        code=CODE,
        name=user.username,
        expires_at=clock.now() + timedelta(hours=1),
        next_try_at=clock.wall(),
    )


def _user(models: Any, pool: Any, name: str, status: str) -> Any:
    sub = str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    attributes = {"email": f"{name}@example.com", "email_verified": "true"}
    user = models.get_model("pools", "User").objects.create(
        pool=pool, sub=sub, username=name, attributes=attributes, status=status
    )
    for kind, value in (("username", name), ("sub", sub)):
        models.get_model("pools", "SignInName").objects.create(pool=pool, user=user, kind=kind, folded=value.encode())
    models.get_model("pools", "Credential").objects.create(
        user=user,
        password_hash=passwords.hash(PASSWORD),
        expires_at=clock.now() + timedelta(days=7) if status == "FORCE_CHANGE_PASSWORD" else None,
    )
    return user
