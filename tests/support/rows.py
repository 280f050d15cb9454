"""What an installation's database holds about one pool, read with the models in a process of the installation's own.

Beside the rows it says what is wrong whatever was asked: a search value that the profile does not have, a name too
many, a row of nobody.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from django.db import connection, transaction

from identity.models import AuditEvent, Tag
from pools import models
from pools.accounts import search
from pools.accounts.attributes import sign_in_names
from pools.config.schema import Schema
from pools.config.sign_in import SignInSettings
from pools.models import Client, Credential, Group, Pool, Session, User
from pools.signin import proofs
from tests.support.server import Server


def of(server: Server, pool_id: str) -> dict[str, Any]:
    """Things by kind and name, `audit` events by what they were done to, and `complaints`."""
    said = server.manage("shell", "-v0", "-c", f"from tests.support import rows; rows.show({pool_id!r})")
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def spoiled(server: Server, pool_id: str, statements: list[str]) -> list[dict[str, Any]]:
    """As `of`, once for each Python statement on the models, with what it changes; nothing of it stays."""
    code = f"from tests.support import rows; rows.show_spoiled({pool_id!r}, {statements!r})"
    found: list[dict[str, Any]] = json.loads(server.manage("shell", "-v0", "-c", code).splitlines()[-1])
    return found


def show(pool_id: str) -> None:
    print(json.dumps(everything(pool_id)))


def show_spoiled(pool_id: str, statements: list[str]) -> None:
    found = []
    for statement in statements:
        with transaction.atomic():
            exec(statement, {"pool_id": pool_id, "AuditEvent": AuditEvent, "Tag": Tag, **vars(models)})
            found.append(everything(pool_id))
            transaction.set_rollback(True)
    print(json.dumps(found))


def everything(pool_id: str) -> dict[str, Any]:
    pool = Pool.objects.get(pk=pool_id)
    people = User.objects.filter(pool=pool).prefetch_related(
        "credential",
        "sign_in_names",
        "search_values",
        "sessions__refresh_tokens",
        "codes",
        "memberships__group",
        "attempt_set",
        "softwaretoken_set",
    )
    complaints = _broken_references()
    users = {}
    for user in people:
        user.pool = pool
        complaints += [f"{user.username}: {text}" for text in _half_written(user)]
        users[user.username] = _row(user)
    clients = Client.objects.filter(pool=pool)
    return {
        "users": users,
        "clients": {row.name: [row.client_id, row.settings.get("RefreshTokenValidity")] for row in clients},
        "tags": dict(Tag.objects.filter(resource_arn=pool.arn).values_list("key", "value")),
        "groups": dict(Group.objects.filter(pool=pool).values_list("name", "description")),
        "attributes": sorted(name for name in Schema.of(pool).attributes if name.startswith("custom:")),
        "pool": pool.id,
        "audit": _audit(pool),
        "complaints": complaints,
    }


def _row(user: User) -> dict[str, Any]:
    credential: Credential | None = getattr(user, "credential", None)
    return {
        "sub": user.sub,
        "status": user.status,
        "enabled": user.enabled,
        "attributes": user.attributes,
        "second_factors": [user.mfa_factors, user.preferred_mfa],
        "apps": [user.has_software_token, sum(token.confirmed for token in user.softwaretoken_set.all())],
        "hash": credential.password_hash if credential else None,
        "is_temporary": credential is not None and credential.expires_at is not None,
        "sessions": {bytes(session.refresh_digest).hex(): _session(session) for session in user.sessions.all()},
        "codes": sorted(code.kind for code in user.codes.all()),
        "groups": sorted(membership.group.name for membership in user.memberships.all()),
    }


def _session(session: Session) -> dict[str, Any]:
    rotated = {bytes(row.digest).hex(): row.spent_at is not None for row in session.refresh_tokens.all()}
    return {"is_revoked": session.revoked_at is not None, "rotated": rotated}


def _half_written(user: User) -> list[str]:
    """What must hold of every user at every moment between two transactions."""
    fold = SignInSettings.of(user.pool).fold
    due = {kind: fold(name) for kind, name in sign_in_names(user.pool, user.username, user.attributes).items()}
    held = {row.kind: bytes(row.folded) for row in user.sign_in_names.all()}
    found = []
    if held != due:
        found.append(f"sign-in names are {held}, should be {due}")
    values = {row.attribute: bytes(row.key) for row in user.search_values.all()}
    values_due = {row.attribute: bytes(row.key) for row in search.rows(user)}
    if values != values_due:
        found.append(f"search values are {values}, should be {values_due}")
    if user.may_be_in_groups != bool(user.memberships.all()):
        found.append(f"may_be_in_groups is {user.may_be_in_groups}")
    credential: Credential | None = getattr(user, "credential", None)
    for attempt in user.attempt_set.all():
        is_set = proofs.NEW_PASSWORD in attempt.proofs
        if is_set and (credential is None or credential.changed_at < attempt.created_at):
            found.append("an answer was accepted, and its password is not there")
    return found


def _broken_references() -> list[str]:
    if connection.vendor != "sqlite":  # PostgreSQL checks each reference as it is written, with no way around
        return []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        orphans = [f"a row of {table} refers to a missing {parent}" for table, _, parent, _ in cursor.fetchall()]
        cursor.execute("PRAGMA integrity_check")
        return orphans + [str(text) for (text,) in cursor.fetchall() if text != "ok"]


def _audit(pool: Pool) -> dict[str, list[str]]:
    """Events by what they were done to: a user's sub, else the name of a thing."""
    events = defaultdict(list)
    for event, detail in AuditEvent.objects.filter(resource=pool.arn).order_by("pk").values_list("event", "detail"):
        things = [*detail.get("keys", []), *detail.get("attributes", [])]
        subject = detail.get("sub") or detail.get("client_id") or detail.get("group") or (things or [pool.id])[0]
        events[subject].append(event)
    return {subject: sorted(names) for subject, names in events.items()}
