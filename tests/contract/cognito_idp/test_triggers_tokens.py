"""PreTokenGeneration: the event of each version and source, every field of its response, and what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories
from tests.support.clients import REGION, refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, claims_of
from tests.support.hooks import Hooks
from tests.support.server import Server

ADMIN_SCOPE = "aws.cognito.signin.user.admin"
GROUPS, ROLES, PREFERRED = "cognito:groups", "cognito:roles", "cognito:preferred_role"
ROLE, OTHER_ROLE = "arn:aws:iam::000000000000:role/one", "arn:aws:iam::000000000000:role/two"
EACH_TOKEN = ("jti", "event_id", "iat", "exp")
BAD_OUTPUT = ("InvalidLambdaResponseException", "Unrecognizable lambda output")

Tokens = dict[str, Any]
SignIn = Callable[..., Tokens]


class Setting:
    """A pool whose tokens wait for a hook of this test, with a client and a user of its own."""

    def __init__(self, idp: Any, public: Any, hooks: Hooks, version: str) -> None:
        self.idp, self.public, self.hooks = idp, public, hooks
        self.version = version
        self.pool = factories.make_pool(
            idp, LambdaConfig={"PreTokenGenerationConfig": {"LambdaArn": hooks.arn, "LambdaVersion": version}}
        )
        self.client = factories.make_client(idp, self.pool)
        self.user = factories.make_user(idp, self.pool, email=factories.address_of(self.pool))
        self.calls = hooks.on(self.pool)
        self.calls.clear()

    @property
    def container(self) -> str:
        return "claimsOverrideDetails" if self.version == "V1_0" else "claimsAndScopeOverrideDetails"

    def answering(self, details: Any) -> None:
        """From now on the function answers with these details."""
        self.hooks.on(self.pool, lambda event: {**event, "response": {self.container: details}})

    def raising(self, text: str) -> None:
        def refuse(event: dict[str, Any]) -> Any:
            raise ValueError(text)

        self.hooks.on(self.pool, refuse)

    def sign_in(self) -> Tokens:
        return factories.sign_in(self.public, self.client, self.user)

    def claims(self) -> tuple[Tokens, Tokens]:
        """Of the ID and the access token of a sign-in, without what differs from token to token."""
        tokens = self.sign_in()
        return _lasting(tokens["IdToken"]), _lasting(tokens["AccessToken"])

    def changes(self, details: Any) -> tuple[Tokens, Tokens]:
        """What these details change in each token: by claim the new value, None for one that is gone."""
        self.answering(None)
        before = self.claims()
        self.answering(details)
        id_token, access_token = (_difference(*pair) for pair in zip(before, self.claims(), strict=True))
        return id_token, access_token

    def in_groups(self) -> None:
        """Put the user into two groups, each with a role."""
        for precedence, (name, role) in enumerate((("first", ROLE), ("second", OTHER_ROLE))):
            ids = {"UserPoolId": self.pool["Id"], "GroupName": name}
            self.idp.create_group(**ids, RoleArn=role, Precedence=precedence)
            self.idp.admin_add_user_to_group(**ids, Username=self.user)

    def event(self, **members: Any) -> dict[str, Any]:
        """The event of a password sign-in, with other members where given."""
        found = factories.attributes_of(self.idp.admin_get_user(UserPoolId=self.pool["Id"], Username=self.user))
        request = {
            "userAttributes": {**found, "cognito:user_status": "CONFIRMED"},
            "groupConfiguration": {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None},
        }
        if self.version != "V1_0":
            request["scopes"] = [ADMIN_SCOPE]
        return {
            "version": self.version[1],
            "triggerSource": "TokenGeneration_Authentication",
            "region": REGION,
            "userPoolId": self.pool["Id"],
            "userName": self.user,
            "callerContext": {"awsSdkVersion": self.sdk, "clientId": self.client["ClientId"]},
            "response": {self.container: None},
            **members,
            "request": {**request, **members.get("request", {})},
        }

    @property
    def sdk(self) -> str:
        agent: str = self.public.meta.config.user_agent
        return agent.split(" ", maxsplit=1)[0].replace("/", "-")


def _lasting(token: str) -> Tokens:
    ignored = {*EACH_TOKEN, "auth_time", "origin_jti"}
    return {name: value for name, value in claims_of(token).items() if name not in ignored}


def _difference(before: Tokens, after: Tokens) -> Tokens:
    names = before.keys() | after.keys()
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


@pytest.fixture
def first(idp: Any, public: Any, hooks: Hooks) -> Setting:
    return Setting(idp, public, hooks, "V1_0")


@pytest.fixture
def second(idp: Any, public: Any, hooks: Hooks) -> Setting:
    return Setting(idp, public, hooks, "V2_0")


@pytest.fixture(scope="module")
def shared(idp: Any, public: Any, hooks: Hooks) -> Setting:
    """For tests that set the answer first."""
    return Setting(idp, public, hooks, "V2_0")


def refresh(setting: Setting, token: str, **members: Any) -> Tokens:
    answer = setting.public.initiate_auth(
        ClientId=setting.client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token},
        **members,
    )
    result: Tokens = answer["AuthenticationResult"]
    return result


def exchange(setting: Setting, token: str, **members: Any) -> Tokens:
    answer = setting.public.get_tokens_from_refresh_token(
        ClientId=setting.client["ClientId"], RefreshToken=token, **members
    )
    result: Tokens = answer["AuthenticationResult"]
    return result


# Events


@pytest.mark.parametrize("version", ["V1_0", "V2_0", "V3_0"])
def test_event_of_a_sign_in(idp: Any, public: Any, hooks: Hooks, version: str) -> None:
    setting = Setting(idp, public, hooks, version)
    setting.sign_in()
    assert setting.calls == [setting.event()]


def test_event_tells_groups_roles_and_the_preferred_one(first: Setting) -> None:
    first.in_groups()
    first.sign_in()
    groups = {
        "groupsToOverride": ["first", "second"],
        "iamRolesToOverride": [ROLE, OTHER_ROLE],
        "preferredRole": ROLE,
    }
    assert first.calls == [first.event(request={"groupConfiguration": groups})]


def test_event_of_an_administrators_sign_in_names_the_client(first: Setting) -> None:
    first.idp.admin_initiate_auth(
        UserPoolId=first.pool["Id"],
        ClientId=first.client["ClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": first.user, "PASSWORD": PASSWORD},
    )
    assert [call["callerContext"]["clientId"] for call in first.calls] == [first.client["ClientId"]]
    assert first.hooks.sources(first.pool) == ["TokenGeneration_Authentication"]


def test_event_after_a_new_password_has_the_metadata_of_the_answer(second: Setting) -> None:
    second.idp.admin_set_user_password(
        UserPoolId=second.pool["Id"], Username=second.user, Password=PASSWORD, Permanent=False
    )
    challenge = second.public.initiate_auth(
        ClientId=second.client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": second.user, "PASSWORD": PASSWORD},
        ClientMetadata={"begun": "yes"},
    )
    assert second.calls == []
    second.public.respond_to_auth_challenge(
        ClientId=second.client["ClientId"],
        ChallengeName=challenge["ChallengeName"],
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": second.user, "NEW_PASSWORD": "Another-Horse-2"},
        ClientMetadata={"answered": "yes"},
    )
    assert second.calls == [
        second.event(
            triggerSource="TokenGeneration_NewPasswordChallenge", request={"clientMetadata": {"answered": "yes"}}
        )
    ]


def test_metadata_of_the_first_request_goes_elsewhere(first: Setting) -> None:
    tokens = first.public.initiate_auth(
        ClientId=first.client["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": first.user, "PASSWORD": PASSWORD},
        ClientMetadata={"begun": "yes"},
    )["AuthenticationResult"]
    refresh(first, tokens["RefreshToken"], ClientMetadata={"begun": "yes"})
    assert first.calls == [first.event(), first.event(triggerSource="TokenGeneration_RefreshTokens")]


@pytest.mark.parametrize("renew", [refresh, exchange])
def test_event_of_a_refresh(second: Setting, renew: Callable[..., Tokens]) -> None:
    token = second.sign_in()["RefreshToken"]
    renew(second, token)
    assert second.calls[1:] == [second.event(triggerSource="TokenGeneration_RefreshTokens")]


def test_metadata_of_get_tokens_from_refresh_token_reaches_the_function(second: Setting) -> None:
    token = second.sign_in()["RefreshToken"]
    exchange(second, token, ClientMetadata={"tab": "two"})
    assert second.calls[1:] == [
        second.event(triggerSource="TokenGeneration_RefreshTokens", request={"clientMetadata": {"tab": "two"}})
    ]


def test_groups_and_attributes_are_told_as_they_are_now(second: Setting) -> None:
    token = second.sign_in()["RefreshToken"]
    second.in_groups()
    second.idp.admin_update_user_attributes(
        UserPoolId=second.pool["Id"], Username=second.user, UserAttributes=[{"Name": "given_name", "Value": "Bob"}]
    )
    refresh(second, token)
    request = second.calls[1]["request"]
    assert request["groupConfiguration"]["groupsToOverride"] == ["first", "second"]
    assert request["userAttributes"]["given_name"] == "Bob"


# Version one


def test_first_version_changes_the_id_token_alone(first: Setting) -> None:
    values = {"plan": "gold", "email": "x@example.com"}
    assert first.changes({"claimsToAddOrOverride": values, "claimsToSuppress": ["given_name"]}) == (values, {})
    assert first.changes({"claimsToSuppress": ["email", "scope", "username"]}) == ({"email": None}, {})


def test_refreshed_tokens_are_changed_as_well(first: Setting) -> None:
    token = first.sign_in()["RefreshToken"]
    first.answering({"claimsToAddOrOverride": {"plan": "gold"}})
    assert claims_of(refresh(first, token)["IdToken"])["plan"] == "gold"
    assert claims_of(exchange(first, token)["IdToken"])["plan"] == "gold"
    first.answering(None)
    assert "plan" not in claims_of(refresh(first, token)["IdToken"])


def test_what_is_both_added_and_suppressed_is_suppressed(first: Setting) -> None:
    details = {"claimsToAddOrOverride": {"email": "x", "plan": "gold"}, "claimsToSuppress": ["email", "plan"]}
    assert first.changes(details) == ({"email": None}, {})


@pytest.mark.parametrize("version", ["V1_0", "V2_0"])
def test_groups_replace_the_users_in_both_tokens(idp: Any, public: Any, hooks: Hooks, version: str) -> None:
    setting = Setting(idp, public, hooks, version)
    setting.in_groups()
    groups = {"groupsToOverride": ["x", "y"], "iamRolesToOverride": [OTHER_ROLE], "preferredRole": OTHER_ROLE}
    names = {GROUPS: ["x", "y"]}
    assert setting.changes({"groupOverrideDetails": groups}) == (
        {**names, ROLES: [OTHER_ROLE], PREFERRED: OTHER_ROLE},
        names,
    )
    assert setting.changes({"groupOverrideDetails": {"groupsToOverride": ["x"]}}) == (
        {GROUPS: ["x"], ROLES: None, PREFERRED: None},
        {GROUPS: ["x"]},
    )
    assert setting.changes({"groupOverrideDetails": setting.calls[0]["request"]["groupConfiguration"]}) == ({}, {})
    assert setting.changes({}) == ({}, {})


@pytest.mark.parametrize(
    "nothing", [None, {}, {"groupsToOverride": [], "iamRolesToOverride": None, "preferredRole": ""}]
)
def test_empty_or_null_groups_are_none(first: Setting, nothing: Any) -> None:
    first.in_groups()
    gone = {GROUPS: None, ROLES: None, PREFERRED: None}
    assert first.changes({"groupOverrideDetails": nothing}) == (gone, {GROUPS: None})


def test_who_is_in_no_group_may_be_told_to_be(first: Setting) -> None:
    assert first.changes({"groupOverrideDetails": {"groupsToOverride": ["x"]}}) == ({GROUPS: ["x"]}, {GROUPS: ["x"]})


def test_suppressed_groups_take_the_roles_with_them(first: Setting, second: Setting) -> None:
    first.in_groups()
    second.in_groups()
    gone = {GROUPS: None, ROLES: None, PREFERRED: None}
    suppressed = {"claimsToSuppress": [GROUPS]}
    assert first.changes(suppressed) == (gone, {})
    assert second.changes({"idTokenGeneration": suppressed}) == (gone, {})
    assert second.changes({"accessTokenGeneration": suppressed}) == ({}, {GROUPS: None})


@pytest.mark.parametrize("value", [1, True, ["x"], {"x": "y"}])
def test_first_version_has_texts_alone(first: Setting, value: Any) -> None:
    first.answering({"claimsToAddOrOverride": {"plan": value}})
    with refused(*BAD_OUTPUT):
        first.sign_in()


# Versions two and three


@pytest.mark.parametrize("version", ["V2_0", "V3_0"])
def test_later_versions_change_each_token_on_its_own(idp: Any, public: Any, hooks: Hooks, version: str) -> None:
    setting = Setting(idp, public, hooks, version)
    values = {
        "text": "x",
        "number": 1.5,
        "large": 9223372036854775807,
        "flag": False,
        "list": ["x", 1, True],
        "object": {"a": {"b": ["c"]}},
    }
    details = {
        "idTokenGeneration": {"claimsToAddOrOverride": values, "claimsToSuppress": ["email"]},
        "accessTokenGeneration": {
            "claimsToAddOrOverride": {"tenant": "acme", "aud": setting.client["ClientId"]},
            "claimsToSuppress": ["email"],
        },
    }
    assert setting.changes(details) == (
        {**values, "email": None},
        {"tenant": "acme", "aud": setting.client["ClientId"]},
    )
    assert setting.changes({"accessTokenGeneration": {"claimsToAddOrOverride": {"aud": "else", **values}}}) == (
        {},
        values,
    )


def test_four_claims_of_the_id_token_are_given_as_texts(shared: Setting) -> None:
    values = {"email_verified": "true", "phone_number_verified": "false", "updated_at": "7", "address": "1 Main Street"}
    typed = {
        "email_verified": True,
        "phone_number_verified": False,
        "updated_at": 7,
        "address": {"formatted": "1 Main Street"},
    }
    assert shared.changes({"idTokenGeneration": {"claimsToAddOrOverride": values}}) == (typed, {})
    assert shared.changes({"accessTokenGeneration": {"claimsToAddOrOverride": typed}}) == ({}, typed)
    for name, value in typed.items():
        shared.answering({"idTokenGeneration": {"claimsToAddOrOverride": {name: value}}})
        with refused(*BAD_OUTPUT):
            shared.sign_in()


def test_scopes_are_added_and_suppressed(shared: Setting) -> None:
    added = {"scopesToAdd": ["openid", "https://api.example/read"]}
    assert shared.changes({"accessTokenGeneration": added}) == (
        {},
        {"scope": f"{ADMIN_SCOPE} openid https://api.example/read"},
    )
    assert shared.changes({"accessTokenGeneration": {**added, "scopesToSuppress": ["openid", ADMIN_SCOPE]}}) == (
        {},
        {"scope": "https://api.example/read"},
    )
    assert shared.changes({"accessTokenGeneration": {"claimsToAddOrOverride": {"scope": "x"}}}) == ({}, {})


@pytest.mark.parametrize("scope", ["two words", " ", "", "tab\there"])
def test_scope_is_one_word(shared: Setting, scope: str) -> None:
    shared.answering({"accessTokenGeneration": {"scopesToAdd": [scope]}})
    with refused(*BAD_OUTPUT):
        shared.sign_in()


def test_who_lacks_the_scope_may_not_read_their_profile(second: Setting) -> None:
    second.answering({"accessTokenGeneration": {"scopesToSuppress": [ADMIN_SCOPE]}})
    tokens = second.sign_in()
    assert claims_of(tokens["AccessToken"])["scope"] == ""
    with refused("NotAuthorizedException", "Access Token does not have required scopes"):
        second.public.get_user(AccessToken=tokens["AccessToken"])
    second.answering(None)
    token = refresh(second, tokens["RefreshToken"])["AccessToken"]
    assert second.public.get_user(AccessToken=token)["Username"] == second.user


def test_changed_access_token_still_signs_requests_and_can_be_revoked(second: Setting) -> None:
    forged = {"sub": "x", "username": "x", "client_id": "x", "origin_jti": "x", "exp": 1, "token_use": "id"}
    second.answering(
        {
            "accessTokenGeneration": {"claimsToAddOrOverride": forged, "claimsToSuppress": ["sub", "event_id"]},
            "groupOverrideDetails": {"groupsToOverride": ["x"]},
        }
    )
    tokens = second.sign_in()
    assert second.public.get_user(AccessToken=tokens["AccessToken"])["Username"] == second.user
    second.public.revoke_token(ClientId=second.client["ClientId"], Token=tokens["RefreshToken"])
    with refused("NotAuthorizedException", "Access Token has been revoked"):
        second.public.get_user(AccessToken=tokens["AccessToken"])


# Any version


@pytest.mark.parametrize(
    "response",
    [
        None,
        {},
        {"claimsOverrideDetails": None},
        {"claimsOverrideDetails": {}},
        {"claimsAndScopeOverrideDetails": {"idTokenGeneration": {"claimsToAddOrOverride": {"plan": "gold"}}}},
        {"claimsOverrideDetails": {"claimsToAddOrOverride": {"plan": None}, "claimsToSuppress": None, "other": 1}},
        {"other": "member"},
    ],
)
def test_response_without_changes_leaves_the_tokens(first: Setting, response: Any) -> None:
    before = first.claims()
    first.hooks.on(first.pool, lambda event: {**event, "response": response})
    assert first.claims() == before


@pytest.mark.parametrize(
    "details",
    [
        [],
        "text",
        {"idTokenGeneration": []},
        {"accessTokenGeneration": "text"},
        {"idTokenGeneration": {"claimsToAddOrOverride": ["plan"]}},
        {"idTokenGeneration": {"claimsToSuppress": {"plan": "gold"}}},
        {"idTokenGeneration": {"claimsToSuppress": [1]}},
        {"accessTokenGeneration": {"scopesToAdd": "read"}},
        {"accessTokenGeneration": {"scopesToSuppress": [None]}},
        {"groupOverrideDetails": ["group"]},
        {"groupOverrideDetails": {"groupsToOverride": {"group": "x"}}},
        {"groupOverrideDetails": {"iamRolesToOverride": "role"}},
        {"groupOverrideDetails": {"preferredRole": ["role"]}},
    ],
)
def test_response_that_is_not_what_it_should_be_is_refused(shared: Setting, details: Any) -> None:
    shared.answering(details)
    with refused(*BAD_OUTPUT):
        shared.sign_in()


def test_five_thousand_changes_and_no_more(shared: Setting) -> None:
    def asked(scopes: int) -> dict[str, Any]:
        return {
            "idTokenGeneration": {"claimsToSuppress": [f"claim-{number}" for number in range(4990)]},
            "accessTokenGeneration": {
                "claimsToAddOrOverride": {"plan": "gold"},
                "scopesToSuppress": [f"scope-{number}" for number in range(scopes)],
            },
        }

    shared.answering(asked(9))
    assert shared.claims()[1]["plan"] == "gold"
    shared.answering(asked(10))
    with refused(*BAD_OUTPUT):
        shared.sign_in()


# Failures


def test_function_that_fails_gives_no_tokens_and_no_session(first: Setting, server: Server) -> None:
    first.raising("no plan")
    with refused("UserLambdaValidationException", "PreTokenGeneration failed with error no plan."):
        first.sign_in()
    lines = f"from pools.models import Session; print(Session.objects.filter(pool={first.pool['Id']!r}).count())"
    assert server.manage("shell", "-c", lines).split()[-1] == "0"


@pytest.mark.parametrize("renew", [refresh, exchange])
def test_function_that_fails_at_a_refresh_leaves_the_refresh_token(
    first: Setting, renew: Callable[..., Tokens]
) -> None:
    token = first.sign_in()["RefreshToken"]
    first.raising("not now")
    with refused("UserLambdaValidationException", "PreTokenGeneration failed with error not now."):
        renew(first, token)
    first.answering(None)
    assert renew(first, token)["AccessToken"]


def rotating(setting: Setting, grace: int = 0) -> None:
    setting.client = factories.make_client(
        setting.idp,
        setting.pool,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": grace},
    )


def test_function_that_fails_does_not_spend_a_token_that_rotates(first: Setting) -> None:
    rotating(first)
    token = first.sign_in()["RefreshToken"]
    first.hooks.on(first.pool, lambda event: b"garbage")
    with refused(*BAD_OUTPUT):
        exchange(first, token)
    first.answering({"claimsToAddOrOverride": {"plan": "gold"}})
    renewed = exchange(first, token)
    assert claims_of(renewed["IdToken"])["plan"] == "gold"
    assert exchange(first, renewed["RefreshToken"])["RefreshToken"]
    with refused("RefreshTokenReuseException"):
        exchange(first, token)


def test_token_that_is_spent_while_its_function_is_waited_for_is_spent_once(first: Setting) -> None:
    rotating(first)
    token = first.sign_in()["RefreshToken"]
    inner: list[Tokens] = []

    def meanwhile(event: dict[str, Any]) -> None:
        first.hooks.on(first.pool)
        inner.append(exchange(first, token))

    first.hooks.on(first.pool, meanwhile)
    with refused("RefreshTokenReuseException"):
        exchange(first, token)
    with refused("NotAuthorizedException", "Refresh Token has been revoked"):
        exchange(first, inner[0]["RefreshToken"])


def test_grace_that_ends_while_the_function_is_waited_for_has_ended(first: Setting, clock: Clock) -> None:
    rotating(first, grace=10)
    token = first.sign_in()["RefreshToken"]
    exchange(first, token)
    first.hooks.on(first.pool, lambda event: clock.advance(seconds=11))
    with refused("RefreshTokenReuseException"):
        exchange(first, token)


def test_who_is_disabled_while_the_function_is_waited_for_is_not_signed_in(first: Setting) -> None:
    ids = {"UserPoolId": first.pool["Id"], "Username": first.user}

    def disable(event: dict[str, Any]) -> None:
        first.idp.admin_disable_user(**ids)

    first.hooks.on(first.pool, disable)
    with refused("NotAuthorizedException", "User is disabled."):
        first.sign_in()


def test_who_is_deleted_while_the_function_is_waited_for_is_not_signed_in(first: Setting) -> None:
    ids = {"UserPoolId": first.pool["Id"], "Username": first.user}

    def delete(event: dict[str, Any]) -> None:
        first.idp.admin_delete_user(**ids)

    first.hooks.on(first.pool, delete)
    with refused("NotAuthorizedException", "Incorrect username or password."):
        first.sign_in()


def test_function_that_is_not_there_lets_nobody_in(idp: Any, public: Any) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:nowhere"
    pool = factories.make_pool(idp, LambdaConfig={"PreTokenGeneration": arn})
    client, user = factories.make_client(idp, pool), factories.make_user(idp, pool)
    text = "PreTokenGeneration invocation failed due to error ResourceNotFoundException."
    with refused("UnexpectedLambdaException", text):
        factories.sign_in(public, client, user)
    idp.update_user_pool(UserPoolId=pool["Id"])
    assert factories.sign_in(public, client, user)["IdToken"]
