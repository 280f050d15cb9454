"""Pools full of users, written straight into PostgreSQL: a million take a few minutes.

Each row is what `AdminCreateUser` and `AdminSetUserPassword` would have left; `directory.py` compares a sample.
"""

from __future__ import annotations

import psycopg

BATCH = 100_000
LEAST_OF_A_STATE = 120
"""So many users at least are unconfirmed, and disabled, in each pool: every filter finds a full page of them."""

# The e-mail's number is not the user's: who is found by it is scattered over the table, as in a directory that grew.
_USERS = """
INSERT INTO pools_user (pool_id, password, sub, username, attributes, status, enabled, may_be_in_groups,
    created_at, modified_at)
SELECT %(pool)s, '', sub, 'member-' || lpad(n::text, 7, '0'),
    jsonb_build_object(
        'email', 'user' || number || '@example.com', 'email_verified', 'true',
        'name', 'Given ' || k %% 997 || ' Family ' || k %% 4999,
        'given_name', 'Given ' || k %% 997, 'family_name', 'Family ' || k %% 4999,
        'phone_number', '+1555' || number),
    CASE WHEN n %% %(unconfirmed_every)s = 3 THEN 'UNCONFIRMED'
        WHEN n %% 50 = 7 THEN 'FORCE_CHANGE_PASSWORD'
        WHEN n %% 200 = 11 THEN 'RESET_REQUIRED'
        ELSE 'CONFIRMED' END,
    n %% %(disabled_every)s <> 5, false, now(), now()
FROM (SELECT n, k, lpad(k::text, 7, '0') AS number, gen_random_uuid()::text AS sub
    FROM (SELECT n, n * 7919 %% %(size)s AS k FROM generate_series(%(first)s::bigint, %(last)s) AS n) AS numbers
    ) AS people
"""
_MADE = f"""
WITH made AS ({_USERS} RETURNING id, pool_id, sub, username, attributes),
named AS (INSERT INTO pools_signinname (pool_id, kind, folded, user_id)
    SELECT pool_id, 'username', convert_to(username, 'UTF8'), id FROM made),
known AS (INSERT INTO pools_credential (user_id, password_hash, changed_at)
    SELECT id, %(hash)s, now() FROM made)
INSERT INTO pools_searchvalue (user_id, pool_id, attribute, key)
SELECT id, pool_id, attribute, convert_to(value, 'UTF8') || '\\x00'::bytea || int8send(id)
FROM made CROSS JOIN LATERAL (
    SELECT 'sub', sub UNION ALL SELECT 'username', username
    UNION ALL SELECT each.key, lower(each.value) FROM jsonb_each_text(attributes) AS each
    WHERE each.key <> 'email_verified') AS searchable (attribute, value)
"""  # made of constants


def fill(database_url: str, pool_id: str, size: int, *, password_hash: str) -> None:
    """`size` users in an empty pool: 1 % UNCONFIRMED and 0.1 % disabled, or `LEAST_OF_A_STATE`."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        # The rows are right by construction: no foreign key is looked up, and no commit waited for.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        for first in range(0, size, BATCH):
            connection.execute(
                _MADE,
                {
                    "pool": pool_id,
                    "size": size,
                    "first": first,
                    "last": min(first + BATCH, size) - 1,
                    "hash": password_hash,
                    "unconfirmed_every": min(100, size // LEAST_OF_A_STATE),
                    "disabled_every": min(1000, size // LEAST_OF_A_STATE),
                },
            )


def settle(database_url: str, pool_id: str, name: str) -> None:
    """Leave the tables as autovacuum would in time, so that none runs while something is measured; name the pool."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE pools_user, pools_searchvalue, pools_signinname, pools_credential")
        connection.execute("CHECKPOINT")
        connection.execute("UPDATE pools_pool SET name = %s WHERE id = %s", [name, pool_id])
