"""CUSTOM_AUTH: challenges that functions of the pool define, create and verify."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import factories, second_factors, totp
from tests.support.clients import at_once, refused
from tests.support.clock import Clock
from tests.support.factories import PASSWORD, address_of, number_of, unique
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox, wrong
from tests.support.sign_in import Json, SignIns

NEW_PASSWORD = "Another-Horse-2"
DEFINE, CREATE, VERIFY = (
    f"{name}_Authentication" for name in ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
)
PRE, POST = "PreAuthentication_Authentication", "PostAuthentication_Authentication"
TRIO = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
EVERY = (*TRIO, "PreAuthentication", "PostAuthentication")
INCORRECT = "Incorrect username or password."
USED = "Invalid session for the user, session can only be used once."
LOCKED = "Password attempts exceeded"
NOT_CONFIGURED = "Custom auth lambda trigger is not configured for the user pool."
CUSTOM = "CUSTOM_CHALLENGE"
RIGHT = "42"
FLOWS = ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
ISSUE, FAIL = {"issueTokens": True, "failAuthentication": False}, {"issueTokens": False, "failAuthentication": True}
Respond = Callable[[Json], Json]


def asking(name: str) -> Json:
    return {"challengeName": name, "issueTokens": False, "failAuthentication": False}


def until_right(request: Json) -> Json:
    """Asks until an answer is right."""
    session = request["session"]
    return ISSUE if session and session[-1]["challengeResult"] else asking(CUSTOM)


def following(*challenges: str) -> Respond:
    """Asks for these in turn and then issues tokens, whatever the answers."""
    return lambda request: (
        asking(challenges[len(request["session"])]) if len(request["session"]) < len(challenges) else ISSUE
    )


def asked_what(request: Json) -> Json:
    number = len(request["session"]) + 1
    return {
        "publicChallengeParameters": {"question": f"number {number}"},
        "privateChallengeParameters": {"answer": RIGHT},
        "challengeMetadata": f"ROUND-{number}",
    }


def compared(request: Json) -> Json:
    return {"answerCorrect": request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]}


class Setting:
    """A pool with functions, and an app client of it. `responses` are what functions answer, by trigger source."""

    def __init__(self, idp: Any, public: Any, hooks: Hooks, triggers: tuple[str, ...] = EVERY, **pool: Any) -> None:
        self.idp, self.public, self.hooks = idp, public, hooks
        self.pool = factories.make_pool(idp, LambdaConfig=dict.fromkeys(triggers, hooks.arn), **pool)
        self.responses: dict[str, Respond] = {DEFINE: until_right, CREATE: asked_what, VERIFY: compared}
        self.calls = hooks.on(self.pool, self._answer)

    def _answer(self, event: Json) -> Json:
        respond = self.responses.get(event["triggerSource"])
        return event if respond is None else {**event, "response": respond(event["request"])}

    def walk(self, is_admin: bool = False, **client: Any) -> SignIns:
        members = {"ExplicitAuthFlows": FLOWS, "PreventUserExistenceErrors": "LEGACY", **client}
        made = factories.make_client(self.idp, self.pool, **members)
        return SignIns(self.idp if is_admin else self.public, made, is_admin)

    def user(self, **attributes: str) -> str:
        return factories.make_user(self.idp, self.pool, **attributes)

    def told_of(self, name: str) -> dict[str, str]:
        shown = self.idp.admin_get_user(UserPoolId=self.pool["Id"], Username=name)
        return {**factories.attributes_of(shown), "cognito:user_status": shown["UserStatus"]}

    @property
    def sources(self) -> list[str]:
        return self.hooks.sources(self.pool)

    def requests(self, source: str) -> list[Json]:
        return [call["request"] for call in self.calls if call["triggerSource"] == source]

    def sessions(self) -> list[list[tuple[str, bool, str | None]]]:
        """What DefineAuthChallenge was told, each time."""
        return [
            [(each["challengeName"], each["challengeResult"], each["challengeMetadata"]) for each in request["session"]]
            for request in self.requests(DEFINE)
        ]


@pytest.fixture
def setting(idp: Any, public: Any, hooks: Hooks) -> Setting:
    return Setting(idp, public, hooks)


@pytest.fixture(params=["public", "admin"])
def is_admin(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "admin")


def raising(text: str) -> Respond:
    def respond(request: Json) -> Json:
        raise ValueError(text)

    return respond


# What the functions are told


def test_the_events_of_one_question(setting: Setting, is_admin: bool) -> None:
    walk, name = setting.walk(is_admin), setting.user(given_name="Ada")
    told = {"userAttributes": setting.told_of(name)}
    asked = walk.begin("CUSTOM_AUTH", {"request": "first"}, USERNAME=name)
    assert "AuthenticationResult" in walk.answer(asked, {"request": "second"}, ANSWER=RIGHT)

    last = {"clientMetadata": {"request": "second"}}
    answered = {"challengeName": CUSTOM, "challengeResult": True, "challengeMetadata": "ROUND-1"}
    undecided = dict.fromkeys(("challengeName", "issueTokens", "failAuthentication"))
    unasked = dict.fromkeys(("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata"))
    private = {"privateChallengeParameters": {"answer": RIGHT}, "challengeAnswer": RIGHT}
    expected = [
        (PRE, {**told, "validationData": {"request": "first"}}, {}),
        (DEFINE, {**told, "session": []}, undecided),
        (CREATE, {**told, "challengeName": CUSTOM, "session": []}, unasked),
        (VERIFY, {**told, **private, **last}, {"answerCorrect": None}),
        (DEFINE, {**told, "session": [answered], **last}, undecided),
        (POST, {**told, "newDeviceUsed": False, **last}, {}),
    ]
    assert [(call["triggerSource"], call["request"], call["response"]) for call in setting.calls] == expected
    for call in setting.calls:
        assert call["version"] == "1"
        assert (call["region"], call["userPoolId"], call["userName"]) == ("us-east-1", setting.pool["Id"], name)
        assert call["callerContext"]["clientId"] == walk.client["ClientId"]
        assert set(call) == {
            "version", "triggerSource", "region", "userPoolId", "userName", "callerContext", "request", "response",
        }  # fmt: skip


def test_where_existence_is_hidden_nobody_walks_the_same_steps(setting: Setting, is_admin: bool) -> None:
    walk = setting.walk(is_admin, PreventUserExistenceErrors="ENABLED")
    name, nobody = setting.user(), unique("nobody")
    walk.answer(walk.begin("CUSTOM_AUTH", USERNAME=name), ANSWER=RIGHT)
    known = list(setting.calls)
    setting.calls.clear()
    asked = walk.begin("CUSTOM_AUTH", USERNAME=nobody)
    assert asked["ChallengeParameters"] == {"question": "number 1", "USERNAME": nobody}
    with refused("NotAuthorizedException", INCORRECT):
        walk.answer(asked, ANSWER=RIGHT)
    assert [call["triggerSource"] for call in known] == [*setting.sources, POST]
    asking_events = (PRE, DEFINE, CREATE, VERIFY)
    flags = {call["request"]["userNotFound"] for call in known if call["triggerSource"] in asking_events}
    assert flags == {False}
    assert all(call["request"]["userNotFound"] is True for call in setting.calls)
    assert all(call["request"]["userAttributes"] == {} for call in setting.calls)


def test_where_existence_is_no_secret_nobody_is_asked_about(setting: Setting) -> None:
    with refused("UserNotFoundException", "User does not exist."):
        setting.walk().begin("CUSTOM_AUTH", USERNAME="nobody")
    walk, name = setting.walk(), setting.user()
    assert setting.calls == []
    walk.begin("CUSTOM_AUTH", USERNAME=name)
    assert all("userNotFound" not in call["request"] for call in setting.calls)


# What their answers do


def test_public_parameters_go_to_the_client_and_private_ones_do_not(setting: Setting, is_admin: bool) -> None:
    setting.responses[CREATE] = lambda request: {
        "publicChallengeParameters": {"captcha": "https://example.com/a.png", "USERNAME": "somebody else"},
        "privateChallengeParameters": {"answer": RIGHT},
    }
    walk, name = setting.walk(is_admin), setting.user()
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
    assert asked["ChallengeName"] == CUSTOM
    assert asked["ChallengeParameters"] == {"captcha": "https://example.com/a.png", "USERNAME": name}
    assert "AuthenticationResult" in walk.answer(asked, ANSWER=RIGHT)
    assert setting.sessions()[1] == [(CUSTOM, True, None)]


def test_wrong_answers_go_on_as_the_function_decides(setting: Setting, is_admin: bool) -> None:
    walk, name = setting.walk(is_admin), setting.user()
    first = walk.begin("CUSTOM_AUTH", USERNAME=name)
    second = walk.answer(first, ANSWER="41")
    assert (second["ChallengeName"], second["ChallengeParameters"]["question"]) == (CUSTOM, "number 2")
    assert second["Session"] != first["Session"]
    assert "AuthenticationResult" in walk.answer(second, ANSWER=RIGHT)
    one, two = (CUSTOM, False, "ROUND-1"), (CUSTOM, True, "ROUND-2")
    assert setting.sessions() == [[], [one], [one, two]]
    assert [each["session"] for each in setting.requests(CREATE)][1][0]["challengeResult"] is False


def test_several_rounds(setting: Setting) -> None:
    setting.responses[DEFINE] = following(CUSTOM, CUSTOM, CUSTOM)
    walk = setting.walk()
    asked = walk.begin("CUSTOM_AUTH", USERNAME=setting.user())
    for number in (1, 2, 3):
        assert asked["ChallengeParameters"]["question"] == f"number {number}"
        asked = walk.answer(asked, ANSWER=RIGHT)
    assert "AuthenticationResult" in asked
    assert setting.sources == [PRE, DEFINE, CREATE, *([VERIFY, DEFINE, CREATE] * 2), VERIFY, DEFINE, POST]


def test_an_answer_that_nobody_calls_correct_is_wrong(setting: Setting) -> None:
    setting.responses[VERIFY] = lambda request: {}
    walk = setting.walk()
    walk.answer(walk.begin("CUSTOM_AUTH", USERNAME=setting.user()), ANSWER=RIGHT)
    assert setting.sessions()[1] == [(CUSTOM, False, "ROUND-1")]


def test_tokens_may_be_issued_at_once(setting: Setting, is_admin: bool) -> None:
    setting.responses[DEFINE] = lambda request: ISSUE
    assert "AuthenticationResult" in setting.walk(is_admin).begin("CUSTOM_AUTH", USERNAME=setting.user())
    assert setting.sources == [PRE, DEFINE, POST]


def test_failure_ends_the_sign_in(setting: Setting, is_admin: bool) -> None:
    walk, name = setting.walk(is_admin), setting.user()
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
    setting.responses[DEFINE] = lambda request: {**FAIL, "issueTokens": True}
    with refused("NotAuthorizedException", INCORRECT):
        walk.answer(asked, ANSWER=RIGHT)
    with refused("NotAuthorizedException", USED):
        walk.answer(asked, ANSWER=RIGHT)
    with refused("NotAuthorizedException", INCORRECT):
        walk.begin("CUSTOM_AUTH", USERNAME=name)


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"issueTokens": False, "failAuthentication": False},
        {"challengeName": ""},
        {"challengeName": 1},
        {"challengeName": "SOMETHING_ELSE"},
        {"challengeName": "NEW_PASSWORD_REQUIRED"},
        {"challengeName": "SRP_A"},
        {"challengeName": "PASSWORD_VERIFIER"},
        {"challengeName": "DEVICE_SRP_AUTH"},
        {"issueTokens": "true"},
        {"failAuthentication": 1},
    ],
    ids=str,
)
def test_a_decision_that_is_none_is_refused(setting: Setting, response: Json) -> None:
    setting.responses[DEFINE] = lambda request: response
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        setting.walk().begin("CUSTOM_AUTH", USERNAME=setting.user())


@pytest.mark.parametrize(
    "response",
    [
        {"publicChallengeParameters": {"number": 1}},
        {"publicChallengeParameters": ["a"]},
        {"privateChallengeParameters": {"answer": ["a", "b"]}},
        {"challengeMetadata": {"a": "b"}},
    ],
    ids=str,
)
def test_a_question_that_is_none_is_refused(setting: Setting, response: Json) -> None:
    setting.responses[CREATE] = lambda request: response
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        setting.walk().begin("CUSTOM_AUTH", USERNAME=setting.user())


def test_a_verdict_that_is_none_is_refused_and_the_session_stays(setting: Setting) -> None:
    walk = setting.walk()
    asked = walk.begin("CUSTOM_AUTH", USERNAME=setting.user())
    setting.responses[VERIFY] = lambda request: {"answerCorrect": "yes"}
    with refused("InvalidLambdaResponseException", "Unrecognizable lambda output"):
        walk.answer(asked, ANSWER=RIGHT)
    setting.responses[VERIFY] = compared
    assert "AuthenticationResult" in walk.answer(asked, ANSWER=RIGHT)


def test_what_a_function_raises_is_shown(setting: Setting) -> None:
    walk, name = setting.walk(), setting.user()
    for source, trigger in ((CREATE, "CreateAuthChallenge"), (DEFINE, "DefineAuthChallenge")):
        setting.responses[source] = raising("Out of questions")
        with refused("UserLambdaValidationException", f"{trigger} failed with error Out of questions."):
            walk.begin("CUSTOM_AUTH", USERNAME=name)


def test_a_verifier_that_raises_leaves_the_session_and_a_decision_that_raises_has_used_it_up(
    setting: Setting, is_admin: bool
) -> None:
    walk = setting.walk(is_admin)
    asked = walk.begin("CUSTOM_AUTH", USERNAME=setting.user())
    setting.responses[VERIFY] = raising("Later")
    with refused("UserLambdaValidationException", "VerifyAuthChallengeResponse failed with error Later."):
        walk.answer(asked, ANSWER=RIGHT)
    setting.responses |= {VERIFY: compared, DEFINE: raising("Later")}
    with refused("UserLambdaValidationException", "DefineAuthChallenge failed with error Later."):
        walk.answer(asked, ANSWER=RIGHT)
    with refused("NotAuthorizedException", USED):
        walk.answer(asked, ANSWER=RIGHT)


def test_post_authentication_has_the_last_word(setting: Setting, is_admin: bool) -> None:
    setting.responses[POST] = raising("Not today")
    walk = setting.walk(is_admin)
    asked = walk.begin("CUSTOM_AUTH", USERNAME=setting.user())
    with refused("UserLambdaValidationException", "PostAuthentication failed with error Not today."):
        walk.answer(asked, ANSWER=RIGHT)


# What must be there


@pytest.mark.parametrize("missing", TRIO)
def test_a_trigger_that_is_not_configured(idp: Any, public: Any, hooks: Hooks, is_admin: bool, missing: str) -> None:
    setting = Setting(idp, public, hooks, tuple(name for name in TRIO if name != missing))
    walk, name = setting.walk(is_admin), setting.user()
    if missing == "VerifyAuthChallengeResponse":
        asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
        with refused("InvalidParameterException", NOT_CONFIGURED):
            walk.answer(asked, ANSWER=RIGHT)
    else:
        with refused("InvalidParameterException", NOT_CONFIGURED):
            walk.begin("CUSTOM_AUTH", USERNAME=name)


def test_what_a_request_lacks_is_named(setting: Setting) -> None:
    walk, name = setting.walk(), setting.user()
    with refused("InvalidParameterException", "Missing required parameter USERNAME"):
        walk.begin("CUSTOM_AUTH")
    with refused("InvalidParameterException", "Missing required parameter SRP_A"):
        walk.begin("CUSTOM_AUTH", USERNAME=name, CHALLENGE_NAME="SRP_A")
    with refused("InvalidParameterException", "Invalid SRP_A parameter."):
        walk.begin("CUSTOM_AUTH", USERNAME=name, CHALLENGE_NAME="SRP_A", SRP_A="0")
    with refused("InvalidParameterException"):
        walk.begin("CUSTOM_AUTH", USERNAME=name, CHALLENGE_NAME="SMS_MFA")
    assert setting.calls == []
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name, CHALLENGE_NAME=CUSTOM)
    with refused("InvalidParameterException", "Missing required parameter ANSWER"):
        walk.answer(asked)
    with refused("NotAuthorizedException", "Invalid session for the user."):
        walk.answer(asked, name="somebody-else", ANSWER=RIGHT)


def test_a_client_with_a_secret_says_its_hash(setting: Setting) -> None:
    walk = setting.walk(GenerateSecret=True)
    asked = walk.begin("CUSTOM_AUTH", USERNAME=setting.user())
    assert "AuthenticationResult" in walk.answer(asked, ANSWER=RIGHT)


def test_who_may_not_sign_in_is_told_at_once_where_existence_is_no_secret(setting: Setting) -> None:
    walk, name = setting.walk(), setting.user(email=address_of(setting.pool))
    idp, named = setting.idp, {"UserPoolId": setting.pool["Id"], "Username": name}
    idp.admin_update_user_attributes(**named, UserAttributes=[{"Name": "email_verified", "Value": "true"}])
    idp.admin_disable_user(**named)
    with refused("NotAuthorizedException", "User is disabled."):
        walk.begin("CUSTOM_AUTH", USERNAME=name)
    idp.admin_enable_user(**named)
    idp.admin_reset_user_password(**named)
    with refused("PasswordResetRequiredException"):
        walk.begin("CUSTOM_AUTH", USERNAME=name)
    client_id, other = walk.client["ClientId"], unique()
    setting.public.sign_up(ClientId=client_id, Username=other, Password=PASSWORD)
    with refused("UserNotConfirmedException", "User is not confirmed."):
        walk.begin("CUSTOM_AUTH", USERNAME=other)
    assert setting.calls == []


def test_who_may_not_sign_in_is_told_at_the_end_where_existence_is_hidden(setting: Setting) -> None:
    walk, name = setting.walk(PreventUserExistenceErrors="ENABLED"), setting.user()
    setting.idp.admin_disable_user(UserPoolId=setting.pool["Id"], Username=name)
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
    asked = walk.answer(asked, ANSWER="41")
    with refused("NotAuthorizedException", "User is disabled."):
        walk.answer(asked, ANSWER=RIGHT)


def test_a_user_who_is_disabled_or_deleted_on_the_way_does_not_sign_in(setting: Setting) -> None:
    walk = setting.walk()
    for change in (setting.idp.admin_disable_user, setting.idp.admin_delete_user):
        name = setting.user()
        asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
        change(UserPoolId=setting.pool["Id"], Username=name)
        with refused("NotAuthorizedException"):
            walk.answer(asked, ANSWER=RIGHT)


# With the challenges that every pool has


def test_the_password_first_by_srp(setting: Setting, is_admin: bool) -> None:
    setting.responses[DEFINE] = following("never asked", "PASSWORD_VERIFIER", CUSTOM)
    walk, name = setting.walk(is_admin), setting.user()
    exchange = walk.exchange()
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name, CHALLENGE_NAME="SRP_A", SRP_A=exchange.srp_a)
    assert (asked["ChallengeName"], "Session" in asked) == ("PASSWORD_VERIFIER", True)
    asked = walk.prove(asked, exchange, {"request": "second"})
    assert asked["ChallengeName"] == CUSTOM
    assert "AuthenticationResult" in walk.answer(asked, ANSWER=RIGHT)
    assert setting.sources == [PRE, DEFINE, DEFINE, CREATE, VERIFY, DEFINE, POST]
    srp, password = ("SRP_A", True, None), ("PASSWORD_VERIFIER", True, None)
    assert setting.sessions() == [[srp], [srp, password], [srp, password, (CUSTOM, True, "ROUND-3")]]
    assert "clientMetadata" not in setting.requests(DEFINE)[0]
    assert setting.requests(DEFINE)[1]["clientMetadata"] == {"request": "second"}


def test_a_wrong_password_is_not_for_the_function_to_judge(setting: Setting, is_admin: bool) -> None:
    setting.responses[DEFINE] = following("never asked", "PASSWORD_VERIFIER")
    walk, name = setting.walk(is_admin), setting.user()
    exchange = walk.exchange("Wrong-Password-1")
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name, CHALLENGE_NAME="SRP_A", SRP_A=exchange.srp_a)
    with refused("NotAuthorizedException", INCORRECT):
        walk.prove(asked, exchange)
    assert setting.sources == [PRE, DEFINE]


def test_the_password_of_nobody_is_wrong(setting: Setting) -> None:
    setting.responses[DEFINE] = following("never asked", "PASSWORD_VERIFIER")
    walk = setting.walk(PreventUserExistenceErrors="ENABLED")
    exchange = walk.exchange()
    asked = walk.begin("CUSTOM_AUTH", USERNAME="nobody", CHALLENGE_NAME="SRP_A", SRP_A=exchange.srp_a)
    assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
    with refused("NotAuthorizedException", INCORRECT):
        walk.prove(asked, exchange)


@pytest.mark.parametrize("existence", ["LEGACY", "ENABLED"])
@pytest.mark.parametrize(("factor", "attribute"), [("SMS_MFA", "phone_number"), ("EMAIL_OTP", "email")])
def test_codes_that_the_function_asks_for(
    setting: Setting, mailbox: Mailbox, is_admin: bool, factor: str, attribute: str, existence: str
) -> None:
    setting.responses[DEFINE] = following(factor, CUSTOM)
    address = {"phone_number": number_of, "email": address_of}[attribute](setting.pool)
    walk, name = setting.walk(is_admin, PreventUserExistenceErrors=existence), setting.user(**{attribute: address})
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
    assert asked["ChallengeName"] == factor
    code = waited_for(mailbox, address)
    with refused("CodeMismatchException"):
        walk.answer(asked, **{f"{factor}_CODE": wrong(code)})
    asked = walk.answer(asked, **{f"{factor}_CODE": code})
    assert "AuthenticationResult" in walk.answer(asked, ANSWER=RIGHT)
    assert setting.sessions()[1] == [(factor, True, None)]
    assert setting.told_of(name)[f"{attribute}_verified"] == "true"


def waited_for(mailbox: Mailbox, address: str) -> str:
    """Where existence is hidden, nobody waits for the carrier."""
    ends_at = time.monotonic() + 20
    while not mailbox.messages(address):
        assert time.monotonic() < ends_at
        time.sleep(0.05)
    return mailbox.code(address)


def test_an_app_that_the_function_asks_for(setting: Setting, clock: Clock) -> None:
    second_factors.set_mfa(setting.idp, setting.pool, "SOFTWARE_TOKEN_MFA")
    setting.responses[DEFINE] = following("SOFTWARE_TOKEN_MFA")
    walk, name = setting.walk(), setting.user()
    token = walk.password(name)["AuthenticationResult"]["AccessToken"]
    secret = second_factors.register(setting.public, token)
    setting.calls.clear()
    clock.advance(seconds=60)
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert "AuthenticationResult" in walk.answer(asked, SOFTWARE_TOKEN_MFA_CODE=totp.code(secret, clock.now()))
    assert setting.sources == [PRE, DEFINE, DEFINE, POST]


def test_required_mfa_follows_and_optional_mfa_does_not(setting: Setting, mailbox: Mailbox) -> None:
    number = number_of(setting.pool)
    walk, name = setting.walk(), setting.user(phone_number=number)
    second_factors.set_mfa(setting.idp, setting.pool, "SMS_MFA")
    settings = {"SMSMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    setting.idp.admin_set_user_mfa_preference(UserPoolId=setting.pool["Id"], Username=name, **settings)
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
    assert "AuthenticationResult" in walk.answer(asked, ANSWER=RIGHT)

    second_factors.set_mfa(setting.idp, setting.pool, "SMS_MFA", mode="ON")
    setting.calls.clear()
    asked = walk.answer(walk.begin("CUSTOM_AUTH", USERNAME=name), ANSWER=RIGHT)
    assert asked["ChallengeName"] == "SMS_MFA"
    assert "AuthenticationResult" in walk.answer(asked, SMS_MFA_CODE=mailbox.code(number))
    assert setting.sources == [PRE, DEFINE, CREATE, VERIFY, DEFINE, POST]

    setting.responses[DEFINE] = following("SMS_MFA")
    asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
    assert "AuthenticationResult" in walk.answer(asked, SMS_MFA_CODE=mailbox.code(number))


def test_a_temporary_password_is_replaced_after_it(setting: Setting) -> None:
    walk, name = setting.walk(), setting.user()
    named = {"UserPoolId": setting.pool["Id"], "Username": name}
    setting.idp.admin_set_user_password(**named, Password=PASSWORD, Permanent=False)
    asked = walk.answer(walk.begin("CUSTOM_AUTH", USERNAME=name), ANSWER=RIGHT)
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert POST not in setting.sources
    assert "AuthenticationResult" in walk.answer(asked, NEW_PASSWORD=NEW_PASSWORD)
    assert setting.sources == [PRE, DEFINE, CREATE, VERIFY, DEFINE, POST]


# Against who guesses


def test_sessions_are_used_once(setting: Setting, is_admin: bool) -> None:
    walk = setting.walk(is_admin)
    asked = walk.begin("CUSTOM_AUTH", USERNAME=setting.user())
    walk.answer(asked, ANSWER="41")
    setting.calls.clear()
    with refused("NotAuthorizedException", USED):
        walk.answer(asked, ANSWER=RIGHT)
    assert setting.calls == []


def test_a_session_of_one_pair_of_operations_is_none_of_the_other(setting: Setting) -> None:
    public, admin = setting.walk(), setting.walk(is_admin=True)
    asked = public.begin("CUSTOM_AUTH", USERNAME=setting.user())
    for stranger in (admin, SignIns(setting.idp, public.client, is_admin=True), setting.walk()):
        with refused("NotAuthorizedException", "Invalid session for the user."):
            stranger.answer(asked, ANSWER=RIGHT)


def test_of_many_answers_at_once_one_is_accepted(setting: Setting) -> None:
    walk, name = setting.walk(), setting.user()
    for answer in (RIGHT, "41"):
        setting.calls.clear()
        asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
        told = at_once(*[lambda asked=asked, answer=answer: walk.answer(asked, ANSWER=answer)] * 6)
        assert sorted(told) == ["NotAuthorizedException"] * 5 + ["ok"]
        assert setting.sources.count(DEFINE) == 2
        assert setting.sources.count(POST) == (answer == RIGHT)


def test_wrong_answers_lock_out_over_many_sign_ins(setting: Setting, clock: Clock) -> None:
    walk, name = setting.walk(), setting.user()
    waiting = [walk.begin("CUSTOM_AUTH", USERNAME=name) for _ in range(7)]
    for asked in waiting[:5]:
        walk.answer(asked, ANSWER="41")
    setting.calls.clear()
    for asked in waiting[5:]:
        with refused("NotAuthorizedException", LOCKED):
            walk.answer(asked, ANSWER=RIGHT)
    assert setting.calls == []
    with refused("NotAuthorizedException", LOCKED):
        walk.begin("CUSTOM_AUTH", USERNAME=name)
    clock.advance(seconds=2)
    assert "AuthenticationResult" in walk.answer(waiting[5], ANSWER=RIGHT)
    for asked in [walk.begin("CUSTOM_AUTH", USERNAME=name) for _ in range(5)]:
        walk.answer(asked, ANSWER="41")


def test_an_easy_question_does_not_pay_for_tries_at_another(setting: Setting) -> None:
    setting.responses[DEFINE] = lambda request: (
        ISSUE if [each["challengeResult"] for each in request["session"]] == [True, True] else asking(CUSTOM)
    )
    walk, name = setting.walk(), setting.user()
    for _ in range(5):
        second = walk.answer(walk.begin("CUSTOM_AUTH", USERNAME=name), ANSWER=RIGHT)
        walk.answer(second, ANSWER="41")
    with refused("NotAuthorizedException", LOCKED):
        walk.begin("CUSTOM_AUTH", USERNAME=name)


def test_right_answers_lock_nobody_out(setting: Setting) -> None:
    setting.responses[DEFINE] = following(*[CUSTOM] * 12)
    walk, name = setting.walk(), setting.user()
    for _ in range(2):
        asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
        for _ in range(12):
            asked = walk.answer(asked, ANSWER=RIGHT)
        assert "AuthenticationResult" in asked


def test_a_name_that_nobody_has_locks_as_a_users_does(setting: Setting) -> None:
    walk = setting.walk(PreventUserExistenceErrors="ENABLED")
    for name in (setting.user(), unique("nobody")):
        asked = walk.begin("CUSTOM_AUTH", USERNAME=name)
        for _ in range(5):
            asked = walk.answer(asked, ANSWER="41")
        with refused("NotAuthorizedException", LOCKED):
            walk.answer(asked, ANSWER="41")


def test_a_function_that_never_ends_is_ended(setting: Setting) -> None:
    setting.responses[DEFINE] = lambda request: asking(CUSTOM)
    walk = setting.walk()
    asked = walk.begin("CUSTOM_AUTH", USERNAME=setting.user())
    for _ in range(19):
        asked = walk.answer(asked, ANSWER=RIGHT)
    with refused("NotAuthorizedException", INCORRECT):
        walk.answer(asked, ANSWER=RIGHT)
    assert len(setting.sessions()[-1]) == 20
