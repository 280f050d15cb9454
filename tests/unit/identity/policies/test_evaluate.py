"""Verdicts: matching, precedence, and what is not built yet failing closed."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.policies import document
from identity.policies.document import Document
from identity.policies.evaluate import Decision, decide

REGION = "arn:aws:cognito-idp:eu-west-1:000000000000:"
POOL = f"{REGION}userpool/eu-west-1_abcdefghi"
ALLOW, EXPLICIT_DENY, IMPLICIT_DENY = Decision.ALLOW, Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY
CONDITION = {"Bool": {"aws:SecureTransport": "true"}}


def policy(effect: str = "Allow", *, version: str = "2012-10-17", **elements: object) -> Document:
    """A policy of one statement; Action and Resource are * unless given, in either form."""
    statement = {"Effect": effect, **elements}
    for name in ("Action", "Resource"):
        if f"Not{name}" not in statement:
            statement.setdefault(name, "*")
    return document.parse({"Version": version, "Statement": [statement]})


ADMINISTRATOR = policy()


def verdict(*documents: Document, action: str = "cognito-idp:AdminGetUser", resource: str = POOL) -> Decision:
    return decide(documents, action, resource)


def test_nothing_allows_nothing() -> None:
    assert verdict() is IMPLICIT_DENY


def test_star_on_star_allows_everything() -> None:
    assert verdict(ADMINISTRATOR) is ALLOW
    assert verdict(ADMINISTRATOR, resource="*") is ALLOW


def test_one_allow_of_many_documents_is_enough() -> None:
    assert verdict(policy(Action="sts:*"), policy(Action="cognito-idp:*"), policy(Action="s3:*")) is ALLOW


@pytest.mark.parametrize("order", [1, -1])
def test_a_deny_wins_wherever_it_stands(order: int) -> None:
    documents = [ADMINISTRATOR, policy("Deny", Action="cognito-idp:AdminGetUser")][::order]
    assert verdict(*documents) is EXPLICIT_DENY


def test_a_deny_of_something_else_changes_nothing() -> None:
    assert verdict(policy("Deny", Action="cognito-idp:DeleteUserPool")) is IMPLICIT_DENY
    assert verdict(ADMINISTRATOR, policy("Deny", Action="cognito-idp:DeleteUserPool")) is ALLOW


def test_statements_of_one_document_are_judged_together() -> None:
    both = {"Statement": [{"Effect": e, "Action": "*", "Resource": "*"} for e in ("Allow", "Deny")]}
    assert verdict(document.parse(both)) is EXPLICIT_DENY


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("*", True),
        ("cognito-idp:AdminGetUser", True),
        ("COGNITO-IDP:admingetuser", True),
        ("cognito-idp:*", True),
        ("cognito-idp:Admin*", True),
        ("cognito-idp:*User", True),
        ("cognito-idp:Admin*U*r", True),
        ("cognito-idp:AdminGetUse?", True),
        ("*:*", True),
        ("cog*:AdminGetUser", True),
        ("cognito-idp:AdminGetUser?", False),
        ("cognito-idp:AdminGet", False),
        ("cognito-idp:GetUser", False),
        ("cognito-identity:*", False),
        ("cognito-idp:Admin*Pool", False),
    ],
)
def test_actions_match_in_any_case_and_by_wildcard(pattern: str, *, matches: bool) -> None:
    assert (verdict(policy(Action=pattern)) is ALLOW) is matches
    assert (verdict(policy(NotAction=pattern)) is ALLOW) is not matches
    assert (verdict(policy(Action=["sts:*", pattern, "s3:GetObject"])) is ALLOW) is matches


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (POOL, True),
        (f"{REGION}userpool/*", True),
        (f"{REGION}*", True),
        ("arn:aws:cognito-idp:*:*:userpool/*", True),
        ("arn:*:*:*:*:*", True),
        ("arn:aws:cognito-idp:eu-*:000000000000:userpool/eu-west-?_*", True),
        ("arn:aws:cognito-idp:eu-west-1:00000000000?:*/*", True),
        (POOL.upper().replace("ARN", "arn"), False),
        (POOL + "?", False),
        (POOL[:-1], False),
        ("arn:aws:cognito-idp:us-*:*:userpool/*", False),
        ("arn:aws:cognito-idp:*:userpool/*:*", False),
        ("arn:aws:*:userpool/*:*:*", False),
        ("arn:aws:s3:::*", False),
    ],
)
def test_resources_match_part_by_part(pattern: str, *, matches: bool) -> None:
    assert (verdict(policy(Resource=pattern)) is ALLOW) is matches
    assert (verdict(policy(NotResource=pattern)) is ALLOW) is not matches
    assert (verdict(policy(Resource=["arn:aws:sts:::x", pattern])) is ALLOW) is matches


def test_a_wildcard_of_the_last_part_covers_slashes_and_colons() -> None:
    dataset = "arn:aws:cognito-sync:r:0:identitypool/r:1/identity/r:2/dataset/d"
    assert verdict(policy(Resource="arn:aws:cognito-sync:r:0:identitypool/*"), resource=dataset) is ALLOW
    assert verdict(policy(Resource="arn:aws:cognito-sync:r:0:*/dataset/d"), resource=dataset) is ALLOW
    assert verdict(policy(Resource="arn:aws:cognito-sync:r:0:identitypool/r?1/*"), resource=dataset) is ALLOW


def test_a_wildcard_of_another_part_stays_in_it() -> None:
    assert verdict(policy(Resource="arn:aws:a:b*:0:x"), resource="arn:aws:a:b:c:0:x") is IMPLICIT_DENY
    assert verdict(policy(Resource="arn:aws:a:b?c:0:x"), resource="arn:aws:a:b:c:0:x") is IMPLICIT_DENY


@pytest.mark.parametrize("pattern", ["arn:*:*:*:*:*", f"{REGION}*", POOL])
def test_an_operation_without_a_resource_needs_the_star(pattern: str) -> None:
    assert verdict(policy(Resource=pattern), resource="*") is IMPLICIT_DENY
    assert verdict(policy(Resource=[pattern, "*"]), resource="*") is ALLOW
    assert verdict(policy(NotResource=pattern), resource="*") is ALLOW


def test_a_line_break_is_a_character_like_any_other() -> None:
    assert verdict(policy(Resource=f"{REGION}userpool/*"), resource=f"{POOL}\n") is ALLOW
    assert verdict(policy(Resource=POOL), resource=f"{POOL}\n") is IMPLICIT_DENY
    assert verdict(policy("Deny", Resource=f"{REGION}*"), resource=f"{REGION}a\nb") is EXPLICIT_DENY


def test_characters_of_regular_expressions_stand_for_themselves() -> None:
    assert verdict(policy(Resource=f"{REGION}a.b[c]+(d|e)^$"), resource=f"{REGION}a.b[c]+(d|e)^$") is ALLOW
    assert verdict(policy(Resource=f"{REGION}a.b"), resource=f"{REGION}axb") is IMPLICIT_DENY


def test_deny_with_not_action_denies_everything_else() -> None:
    only_reads = policy("Deny", NotAction=["cognito-idp:Get*", "cognito-idp:AdminGet*"])
    assert verdict(ADMINISTRATOR, only_reads) is ALLOW
    assert verdict(ADMINISTRATOR, only_reads, action="cognito-idp:DeleteUserPool") is EXPLICIT_DENY


def test_deny_with_not_resource_denies_everything_else() -> None:
    only_here = policy("Deny", NotResource=POOL)
    assert verdict(ADMINISTRATOR, only_here) is ALLOW
    assert verdict(ADMINISTRATOR, only_here, resource="*") is EXPLICIT_DENY


def test_an_allow_with_a_condition_never_applies() -> None:
    assert verdict(policy(Condition=CONDITION)) is IMPLICIT_DENY
    assert verdict(policy(NotAction="s3:*", Condition=CONDITION)) is IMPLICIT_DENY


def test_a_deny_with_a_condition_always_applies() -> None:
    assert verdict(ADMINISTRATOR, policy("Deny", Condition=CONDITION)) is EXPLICIT_DENY
    assert verdict(ADMINISTRATOR, policy("Deny", Action="s3:*", Condition=CONDITION)) is ALLOW


@pytest.mark.parametrize(
    "tail", ["userpool/${aws:username}", "${aws:PrincipalTag/team, 'eu'}", "userpool/*${aws:userid}"]
)
def test_a_variable_grants_nothing_and_denies_everything_it_could_be(tail: str) -> None:
    assert verdict(policy(Resource=REGION + tail)) is IMPLICIT_DENY
    assert verdict(policy(Resource=[REGION + tail, POOL])) is ALLOW
    assert verdict(ADMINISTRATOR, policy("Deny", Resource=REGION + tail)) is EXPLICIT_DENY
    assert verdict(ADMINISTRATOR, policy("Deny", Resource=f"arn:aws:s3:::{tail}")) is ALLOW


def test_a_variable_in_not_resource_is_read_the_other_way_around() -> None:
    open_ended = f"{REGION}userpool/${{aws:username}}"
    assert verdict(policy(NotResource=open_ended)) is IMPLICIT_DENY
    assert verdict(policy(NotResource=open_ended), resource="*") is ALLOW
    assert verdict(ADMINISTRATOR, policy("Deny", NotResource=open_ended)) is EXPLICIT_DENY


def test_escaped_wildcards_are_literal() -> None:
    escaped = policy(Resource=f"{REGION}a${{*}}b${{?}}c${{$}}")
    assert verdict(escaped, resource=f"{REGION}a*b?c$") is ALLOW
    assert verdict(escaped, resource=f"{REGION}axbxc$") is IMPLICIT_DENY


def test_the_older_version_knows_no_variables() -> None:
    literal = policy(version="2008-10-17", Resource=f"{REGION}${{aws:username}}")
    assert verdict(literal, resource=f"{REGION}${{aws:username}}") is ALLOW
    assert verdict(literal, resource=f"{REGION}alice") is IMPLICIT_DENY
    starred = policy(version="2008-10-17", Resource=f"{REGION}${{*}}")
    assert verdict(starred, resource=f"{REGION}${{abc}}") is ALLOW


# An independent matcher, straight from the definition, for the compiled one.


@cache
def covers(pattern: str, text: str, separator: str) -> bool:
    if not pattern:
        return not text
    may_eat = bool(text) and text[0] != separator
    if pattern[0] == "*":
        return covers(pattern[1:], text, separator) or (may_eat and covers(pattern, text[1:], separator))
    if pattern[0] == "?":
        return may_eat and covers(pattern[1:], text[1:], separator)
    return bool(text) and text[0] == pattern[0] and covers(pattern[1:], text[1:], separator)


@given(pattern=st.text("ab*?", min_size=1, max_size=12), text=st.text("abAB", max_size=12))
def test_action_patterns_mean_what_they_say(pattern: str, text: str) -> None:
    expected = covers(pattern, text.lower(), "")
    assert (verdict(policy(Action=f"s:{pattern}"), action=f"s:{text}") is ALLOW) is expected


part_patterns = st.text("ab*?", max_size=6)
parts = st.text("ab", max_size=6)


@given(
    head=st.lists(part_patterns, min_size=4, max_size=4),
    tail=st.text("ab/:*?", max_size=8),
    resource=st.lists(parts, min_size=4, max_size=4),
    last=st.text("ab/:", max_size=8),
)
def test_resource_patterns_mean_what_they_say(head: list[str], tail: str, resource: list[str], last: str) -> None:
    expected = covers(tail, last, "") and all(covers(p, t, ":") for p, t in zip(head, resource, strict=True))
    given_policy = policy(Resource=":".join(["arn", *head, tail]))
    assert (verdict(given_policy, resource=":".join(["arn", *resource, last])) is ALLOW) is expected


def test_many_stars_do_not_take_long() -> None:
    hostile = policy(Resource="arn:" + ":".join(["*a" * 50] * 5), Action="s:" + "*a" * 50)
    text = ":".join(["a" * 300] * 4)
    before = time.perf_counter()
    assert verdict(hostile, action="s:" + "a" * 3000 + "b", resource=f"arn:{text}:{'a' * 3000}b") is IMPLICIT_DENY
    assert verdict(hostile, action="s:" + "a" * 3000, resource=f"arn:{text}:{'a' * 3000}b") is IMPLICIT_DENY
    assert time.perf_counter() - before < 1
