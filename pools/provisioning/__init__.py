"""Pools and app clients themselves: created, changed, deleted, by operators.

Every change bumps the pool's revision in its own transaction, which is what other workers' caches look at.
"""
