"""Accounts: signing up, confirming, passwords, attributes, what administrators do to users.

Verbs on users, with keyword-only Python values; every surface calls them. Each reads and decides first, then writes
in one short transaction, then sends messages. Sign-in itself is `pools.signin`.
"""
