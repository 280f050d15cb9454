"""`access_key`: operators' access keys on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from identity.access import keys
from identity.config import config
from identity.management.commands.bootstrap import check_canary
from identity.models import AccessKey
from identity.policies.document import MalformedPolicy
from pools.models import Pool, User


class Command(BaseCommand):
    help = "Create, list, disable, enable and delete access keys of operators."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a key; its secret is printed once")
        create.add_argument("--operator", default=config.operator)
        create.add_argument("--policy", type=Path, help="file with an IAM policy document; without it: everything")
        actions.add_parser("list", help="ids, operators and states")
        for action in ("disable", "enable", "delete"):
            actions.add_parser(action).add_argument("access_key_id")

    def handle(self, *args: Any, **options: Any) -> None:
        action = options["action"]
        if action == "create":
            self._create(options["operator"], options["policy"])
        elif action == "list":
            for key in AccessKey.objects.select_related("operator").order_by("created_at"):
                holder = key.operator.get_username() if key.operator else key.holder_arn
                self.stdout.write(f"{key.access_key_id} {holder} {key.status}")
        else:
            self._change(action, options["access_key_id"])

    def _create(self, operator: str, policy_file: Path | None) -> None:
        check_canary()
        owner = User.objects.filter(pool_id=Pool.OPERATORS, username=operator.lower()).first()
        if owner is None:
            raise CommandError(f"There is no operator {operator}.")
        policy = policy_file.read_text() if policy_file else keys.ADMINISTRATOR_POLICY
        try:
            key = keys.create(owner.pk, policy=policy)
        except MalformedPolicy as error:
            raise CommandError(f"{policy_file}: {error}") from None
        self.stdout.write(f"export AWS_ACCESS_KEY_ID={key.access_key_id}")
        self.stdout.write(f"export AWS_SECRET_ACCESS_KEY={key.secret}")

    def _change(self, action: str, access_key_id: str) -> None:
        found = AccessKey.objects.filter(access_key_id=access_key_id)
        if action == "delete":
            changed = found.delete()[0]
        else:
            status = AccessKey.Status.ACTIVE if action == "enable" else AccessKey.Status.INACTIVE
            changed = found.update(status=status)
        if not changed:
            raise CommandError(f"There is no access key {access_key_id}.")
