"""`webhook`: addresses that triggers may call, on the command line."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_slug
from django.db import IntegrityError

from identity import ids
from identity.management.commands.bootstrap import check_canary
from pools.models import Webhook


class Command(BaseCommand):
    help = "Add, list, and remove webhooks: addresses that triggers may call. A secret is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        add = actions.add_parser("add", help="make one; prints the ARN for LambdaConfig, and the secret that signs")
        add.add_argument("name")
        add.add_argument("url")
        actions.add_parser("list", help="ARNs and addresses")
        for action, meaning in (("remove", "delete one"), ("rotate", "replace the secret of one")):
            actions.add_parser(action, help=meaning).add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        check_canary()
        action = options["action"]
        if action == "add":
            self._add(options["name"], options["url"])
        elif action == "list":
            for webhook in Webhook.objects.order_by("name"):
                self.stdout.write(f"{webhook.arn} {webhook.url}")
        elif action == "rotate":
            webhook = self._found(options["name"])
            webhook.secret = ids.token(32)
            webhook.save(update_fields=["secret"])
            self.stdout.write(f"Secret: {webhook.secret}")
        else:
            self._found(options["name"]).delete()

    def _add(self, name: str, url: str) -> None:
        validate_slug(name)
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise CommandError("Give an http or https URL without user and password.")
        try:
            webhook = Webhook.objects.create(name=name, url=url, secret=ids.token(32))
        except IntegrityError:
            raise CommandError(f"There is a webhook {name} already.") from None
        self.stdout.write(f"ARN: {webhook.arn}")
        self.stdout.write(f"Secret: {webhook.secret}")

    def _found(self, name: str) -> Webhook:
        found = Webhook.objects.filter(name=name).first()
        if found is None:
            raise CommandError(f"There is no webhook {name}.")
        return found
