"""Signing keys of issuers: made ahead, claimed, rotated, published as JWKS, and used to sign and verify tokens."""
