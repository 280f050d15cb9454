"""User pools: cognito-idp without the upstream providers, and each pool's public documents.

Owns pools, app clients, users, sign-in, tokens and messages. Reads as layers, each standing on those after it:
operations, oauth > signin > provisioning, accounts > lookup > tokens > messages > config > models.
"""
