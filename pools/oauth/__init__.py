"""The authorization server of a pool: its endpoints and public documents. Source: RFC 6749; OpenID Connect Core 1.0.

`server` is oauthlib's grants, which ask `validator`, django-oauth-toolkit's over our rows. Codes and tokens are made by
`pools.tokens`; who is signed in is told by `pools.signin.browser`; the pages are reached by URL alone.
"""
