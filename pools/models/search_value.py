"""What ListUsers finds users by."""

from __future__ import annotations

from django.db import models

from pools.models.pool import Pool
from pools.models.user import User


class SearchValue(models.Model):
    """One searchable value of a user, written beside the profile in the same transaction by `pools.accounts.search`.

    `key` is the value in UTF-8, folded where the search ignores case, cut to `LONGEST`, a zero byte, and the user's
    id in eight bytes: unique, ordered by value on every database, and a page's key by itself. A filter is shorter
    than `LONGEST`, so a value that was cut is never equal to one.
    """

    LONGEST = 1024
    """In bytes."""

    pk = models.CompositePrimaryKey("user_id", "attribute")
    # The user implies the pool: checking it again would be a third of what an insert costs PostgreSQL.
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, db_index=False, db_constraint=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False, related_name="search_values")
    attribute = models.CharField(max_length=18)
    key = models.BinaryField(max_length=LONGEST + 9)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "attribute", "key"], name="search_values_in_order")]

    def __str__(self) -> str:
        return f"{self.attribute} of {self.user_id}"
