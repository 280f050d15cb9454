"""The IAM policy language: one grammar and one evaluator for operators, roles and the authoriser.

Owns documents and verdicts. Who is calling, which documents apply to them, and the refusal they read belong to
`identity.access`. Trust policies, condition operators and variables are not built yet: what depends on them denies.
"""
