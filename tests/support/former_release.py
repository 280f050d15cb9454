"""The database as the release before second factors left it: its tables, and rows that it would have written.

Written with the models as the migrations of that release describe them, in a process of the installation's own.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from identity import clock
from identity.keys import rotation
from pools.accounts import passwords
from pools.config import schema
from tests.support.factories import PASSWORD
from tests.support.server import Server

LAST_MIGRATION = ("pools", "0003_search_values")
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


def install(server: Server) -> None:
    """Bring a new installation's database to that release, and people into it."""
    server.manage("migrate", "--verbosity", "0", "identity")
    server.manage("migrate", "--verbosity", "0", *LAST_MIGRATION)
    server.manage("shell", "-v0", "-c", "from tests.support import former_release; former_release.populate()")


def populate() -> None:
    """`ada` is confirmed and signed in, `bob` has begun to sign in with a temporary password."""
    models = MigrationExecutor(connection).loader.project_state(LAST_MIGRATION).apps
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
        user=bob,
        channel="api",
        flow="USER_PASSWORD_AUTH",
        challenge="NEW_PASSWORD_REQUIRED",
        proofs=["password"],
        expires_at=clock.now() + timedelta(minutes=15),
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
