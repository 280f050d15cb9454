"""Messages that leave from the background."""

from __future__ import annotations

from django.db import models

from identity import clock
from identity.fields import EncryptedField
from pools.models.outgoing import Outgoing
from pools.models.pool import Pool
from pools.models.user import User


class QueuedMessage(models.Model):
    """A message that waits for a worker, written in the transaction of what caused it and deleted once it is sent.

    `holder` is whom it is for; a row of nobody, or of somebody who is gone, is never sent. There is no constraint on
    it in the database, whose check would tell, by its time, the rows of somebody from those of nobody. `message_id` is
    the same at each try. `next_try_at` and `lease` are real time and the worker's that has the row until then: another
    one takes it over after that. `code` is worth nothing any more at `expires_at`. `client_id`, `user_agent` and
    `client_metadata` are what a custom sender is told about the request.
    """

    message_id = models.CharField(max_length=320)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False)
    holder = models.ForeignKey(User, on_delete=models.CASCADE, null=True, db_constraint=False)
    username = models.CharField(max_length=384)
    channel = models.CharField(max_length=8, choices=Outgoing.Channel)
    to = models.CharField(max_length=2048)
    kind = models.CharField(max_length=32)
    code = EncryptedField()
    name = models.CharField(max_length=2048, help_text="what {username} becomes")
    created_at = models.DateTimeField(default=clock.now)
    subject = models.TextField(blank=True, help_text="of the CustomMessage trigger, with its placeholders")
    body = models.TextField(blank=True, help_text="of the CustomMessage trigger; empty: the pool's template")
    attribute = models.CharField(max_length=32, blank=True, help_text="of the user, that `to` is or will be")
    client_id = models.CharField(max_length=128, blank=True)
    user_agent = models.TextField(blank=True)
    client_metadata: models.JSONField[dict[str, str] | None, dict[str, str] | None] = models.JSONField(null=True)
    expires_at = models.DateTimeField(db_index=True)
    failures = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(db_index=True)
    lease = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.message_id}"
