"""Tokens of a pool: claims, issue, refresh, revocation, verification.

Owns sessions (token families) and refresh tokens. Knows pools, clients and users as rows; looks none of them up.
"""
