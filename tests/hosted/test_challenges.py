"""What a sign-in asks for after the first page: codes, apps, choices, a new password; without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories, questions, second_factors, totp
from tests.support.clock import Clock
from tests.support.factories import address_of, number_of
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox, wrong
from tests.support.pages import PASSWORD, Browser, make_app, make_user, request_of
from tests.support.second_factors import EMAIL, PREFERRED, SMS, TOTP
from tests.support.server import Server

WRONG = "Wrong-horse-9-battery"
NEW = "Another-horse-8-battery"
WRONG_CODE = "Invalid verification code provided, please try again."
PASSWORDLESS = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}}
SENDERS = {"EmailConfiguration": second_factors.EMAIL_SENDER, "SmsConfiguration": second_factors.SMS_SENDER}
REQUIRED_NAME = [{"Name": "name", "Required": True, "AttributeDataType": "String", "Mutable": True}]


class Visit:
    """A browser at a pool's sign-in page, and who it may sign in."""

    def __init__(self, server: Server, idp: Any, pool: dict[str, Any], **client: Any) -> None:
        self.server, self.idp, self.pool, self.id = server, idp, pool, pool["Id"]
        self.email, self.phone = address_of(pool, "ada"), number_of(pool)
        self.client = make_app(idp, self.id, **client)
        self.browser = Browser(server, self.id)

    def make_user(self, name: str = "ada", **attributes: str) -> None:
        make_user(self.idp, self.id, name, **attributes)

    def make_ada(self) -> None:
        self.make_user(email=self.email, phone_number=self.phone, email_verified="true", phone_number_verified="true")

    def begin(self, name: str = "ada", **more: str) -> Browser:
        """The page after the first one."""
        self.browser.open("login", **request_of(self.client))
        self.browser.submit(username=name, **more)
        return self.browser

    def prefer(self, public: Any, *factors: str, preferred: str = "") -> None:
        """Turn second factors on; an app is one with a secret."""
        settings = {factor: PREFERRED if factor == preferred else second_factors.ON for factor in factors}
        names = {SMS: "SMSMfaSettings", TOTP: "SoftwareTokenMfaSettings", EMAIL: "EmailMfaSettings"}
        self.idp.admin_set_user_mfa_preference(
            UserPoolId=self.id, Username="ada", **{names[factor]: setting for factor, setting in settings.items()}
        )


def code_field(browser: Browser) -> dict[str, str]:
    """The attributes of the page's field for a code."""
    return next(given for given in browser.forms[0].inputs.values() if given.get("autocomplete") == "one-time-code")


# The first factor by choice


@pytest.fixture
def choosing(server: Server, idp: Any) -> Visit:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email", "phone_number"], **PASSWORDLESS, **SENDERS)
    return Visit(server, idp, pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"])


def test_who_has_several_methods_chooses_one(choosing: Visit) -> None:
    choosing.make_ada()
    browser = choosing.begin()
    assert browser.forms[0].choices == {"ANSWER": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}
    browser.submit(ANSWER="PASSWORD")
    fields = browser.forms[0].inputs
    assert fields["PASSWORD"]["autocomplete"] == "current-password"
    assert (fields["username"]["autocomplete"], fields["username"]["value"]) == ("username", "ada")
    browser.submit(PASSWORD=PASSWORD)
    assert "code" in browser.arrival


@pytest.mark.parametrize(("method", "field"), [("EMAIL_OTP", "EMAIL_OTP_CODE"), ("SMS_OTP", "SMS_OTP_CODE")])
def test_a_code_signs_in_without_a_password(choosing: Visit, mailbox: Mailbox, method: str, field: str) -> None:
    choosing.make_ada()
    browser = choosing.begin()
    browser.submit(ANSWER=method)
    address = choosing.email if method == "EMAIL_OTP" else choosing.phone
    assert address not in browser.text
    assert (f"{address[0]}***@" if method == "EMAIL_OTP" else address[-4:]) in browser.text
    assert code_field(browser)["inputmode"] == "numeric"
    code = mailbox.code(address)
    browser.submit(**{field: wrong(code)})
    assert WRONG_CODE in browser.text
    browser.submit(**{field: f" {code[:4]} {code[4:]} "})
    assert "code" in browser.arrival


def test_loading_the_page_again_sends_no_code(choosing: Visit, mailbox: Mailbox) -> None:
    choosing.make_ada()
    browser = choosing.begin()
    browser.submit(ANSWER="EMAIL_OTP")
    sent = len(mailbox.messages(choosing.email))
    assert browser.at is not None
    for _ in range(3):
        browser.open(f"challenge?{browser.at.url.partition('?')[2]}")
    assert len(mailbox.messages(choosing.email)) == sent
    browser.submit(EMAIL_OTP_CODE=mailbox.code(choosing.email))
    assert "code" in browser.arrival


def test_a_new_code_is_sent_on_demand_and_the_old_one_is_dead(choosing: Visit, mailbox: Mailbox) -> None:
    choosing.make_ada()
    browser = choosing.begin()
    browser.submit(ANSWER="EMAIL_OTP")
    old = mailbox.code(choosing.email)
    browser.submit(press="Send a new code")
    assert "We have sent a new code." in browser.text
    new = mailbox.code(choosing.email)
    assert old != new
    browser.submit(EMAIL_OTP_CODE=old)
    assert WRONG_CODE in browser.text
    browser.submit(EMAIL_OTP_CODE=new)
    assert "code" in browser.arrival


def test_new_codes_come_to_an_end(choosing: Visit, mailbox: Mailbox) -> None:
    choosing.make_ada()
    browser = choosing.begin()
    browser.submit(ANSWER="EMAIL_OTP")
    for _ in range(20):
        browser.submit(press="Send a new code")
    assert "Attempt limit exceeded" in browser.text
    assert len(mailbox.messages(choosing.email)) == 20
    browser.submit(EMAIL_OTP_CODE=mailbox.code(choosing.email))
    assert "code" in browser.arrival, "the last code works all the same"


def test_another_method_can_be_chosen_instead(choosing: Visit) -> None:
    choosing.make_ada()
    browser = choosing.begin()
    browser.submit(ANSWER="EMAIL_OTP")
    browser.submit(press="Sign in another way")
    browser.submit(ANSWER="PASSWORD")
    browser.submit(PASSWORD=PASSWORD)
    assert "code" in browser.arrival


def test_a_method_that_was_not_offered_is_none(choosing: Visit) -> None:
    choosing.make_user(email=choosing.email)
    browser = choosing.begin()
    form = browser.forms[0]
    assert "SMS_OTP" not in form.choices["ANSWER"]
    assert browser.at is not None
    browser.at = browser.session.post(browser.at.url, data={**form.fields, "ANSWER": "SMS_OTP"}, timeout=20)
    assert "How do you want to sign in?" in browser.text
    assert "code" not in browser.arrival


@pytest.mark.parametrize("method", ["PASSWORD", "EMAIL_OTP", "SMS_OTP"])
def test_nobodys_pages_look_like_a_users_all_the_way(server: Server, choosing: Visit, method: str) -> None:
    choosing.make_user(
        "known", email=address_of(choosing.pool, "known"), phone_number=choosing.phone, email_verified="true"
    )
    wrong_answer = {"PASSWORD": WRONG, "EMAIL_OTP": "00000000", "SMS_OTP": "00000000"}[method]
    field = "PASSWORD" if method == "PASSWORD" else f"{method}_CODE"
    walks = []
    for name in ("known", "nobody"):
        choosing.browser = browser = Browser(server, choosing.id)
        pages = []
        browser.open("login", **request_of(choosing.client))
        for given in ({"username": name}, {"ANSWER": method}, {field: wrong_answer}, {field: wrong_answer}):
            page = browser.submit(**given)
            shown = browser.text.replace(name, "NAME")
            address = next((word for word in shown.split() if "***" in word), "")
            pages.append((page.status_code, page.url, shown.replace(address, "ADDRESS") if address else shown))
            assert not address or method != "PASSWORD"
        if method != "PASSWORD":
            browser.submit(press="Send a new code")
            pages.append(
                (200, "", " ".join(word for word in browser.text.split() if "***" not in word and word != name))
            )
        walks.append(pages)
    assert walks[0] == walks[1]


def test_nothing_is_sent_to_nobody(choosing: Visit, mailbox: Mailbox) -> None:
    choosing.make_ada()
    browser = choosing.begin("nobody")
    browser.submit(ANSWER="EMAIL_OTP")
    assert "We have sent a code by email to" in browser.text
    assert mailbox.messages("nobody") == []


# Second factors


@pytest.fixture
def with_mfa(server: Server, idp: Any, public: Any) -> Visit:
    visit = Visit(server, idp, second_factors.make_pool(idp, SMS, TOTP, EMAIL), ExplicitAuthFlows=APP_FLOWS)
    visit.make_ada()
    return visit


APP_FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def register_app(visit: Visit, public: Any, name: str = "") -> str:
    given = {"USERNAME": "ada", "PASSWORD": PASSWORD}
    client_id = visit.client["ClientId"]
    answer = public.initiate_auth(ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    return second_factors.register(public, answer["AuthenticationResult"]["AccessToken"], name)


@pytest.mark.parametrize(("factor", "field"), [(SMS, "SMS_MFA_CODE"), (EMAIL, "EMAIL_OTP_CODE")])
def test_a_second_factor_that_is_sent(with_mfa: Visit, public: Any, mailbox: Mailbox, factor: str, field: str) -> None:
    with_mfa.prefer(public, factor, preferred=factor)
    browser = with_mfa.begin(password=PASSWORD)
    address = with_mfa.phone if factor == SMS else with_mfa.email
    browser.submit(press="Send a new code")
    code = mailbox.code(address)
    browser.submit(**{field: wrong(code)})
    assert WRONG_CODE in browser.text
    browser.submit(**{field: code})
    assert "code" in browser.arrival


def test_an_app_is_asked_for_by_its_name(with_mfa: Visit, public: Any, clock: Clock) -> None:
    secret = register_app(with_mfa, public, "Ada's <phone>")
    with_mfa.prefer(public, TOTP, preferred=TOTP)
    browser = with_mfa.begin(password=PASSWORD)
    assert "Ada's <phone>" in browser.text
    assert browser.at is not None
    assert "<phone>" not in browser.at.text
    browser.submit(SOFTWARE_TOKEN_MFA_CODE=totp.wrong(secret, clock.now()))
    assert WRONG_CODE in browser.text
    browser.submit(SOFTWARE_TOKEN_MFA_CODE=totp.code(secret, clock.now()))
    if "used already" in browser.text:  # by the set-up, in the same half minute
        clock.advance(seconds=30)
        browser.submit(SOFTWARE_TOKEN_MFA_CODE=totp.code(secret, clock.now()))
    assert "code" in browser.arrival


def test_of_several_factors_without_a_preferred_one_is_chosen(with_mfa: Visit, public: Any, mailbox: Mailbox) -> None:
    with_mfa.prefer(public, SMS, EMAIL)
    browser = with_mfa.begin(password=PASSWORD)
    assert set(browser.forms[0].choices["ANSWER"]) == {SMS, EMAIL}
    browser.submit(ANSWER=EMAIL)
    browser.submit(EMAIL_OTP_CODE=mailbox.code(with_mfa.email))
    assert "code" in browser.arrival


# Setting a second factor up


def test_an_app_is_set_up_on_the_way_in(server: Server, idp: Any, clock: Clock) -> None:
    visit = Visit(server, idp, second_factors.make_pool(idp, TOTP, mode="ON"))
    visit.make_user()
    browser = visit.begin(password=PASSWORD)
    assert "Set up your authenticator app" in browser.text, "one method alone is no choice"
    secret = secret_on(browser)
    assert browser.at is not None
    assert "style=" not in browser.at.text
    browser.open(f"challenge?{browser.at.url.partition('?')[2]}")
    assert secret_on(browser) == secret, "loading the page again makes no new one"
    browser.submit(code=totp.wrong(secret, clock.now()), device="phone")
    assert WRONG_CODE in browser.text
    assert secret_on(browser) == secret
    assert browser.forms[0].fields["device"] == "phone"
    browser.submit(code=totp.code(secret, clock.now()), device="phone")
    assert "code" in browser.arrival
    shown = idp.admin_get_user(UserPoolId=visit.id, Username="ada")
    assert shown["PreferredMfaSetting"] == TOTP


def secret_on(browser: Browser) -> str:
    """As a person types it off the page."""
    assert browser.at is not None
    secret = browser.at.text.partition("<code>")[2].partition("</code>")[0].replace(" ", "")
    assert len(secret) == 52
    return secret


def test_who_must_set_up_one_of_several_chooses(server: Server, idp: Any, mailbox: Mailbox) -> None:
    visit = Visit(server, idp, second_factors.make_pool(idp, TOTP, EMAIL, mode="ON"))
    visit.make_user()
    browser = visit.begin(password=PASSWORD)
    assert browser.forms[0].choices["ANSWER"] == [TOTP, EMAIL]
    browser.submit(ANSWER=TOTP)
    assert secret_on(browser)
    browser.click("Choose another method")
    browser.submit(ANSWER=EMAIL)
    browser.submit(EMAIL="not an address")
    assert "Please enter a valid email address." in browser.text
    browser.submit(EMAIL=visit.email)
    browser.submit(EMAIL_OTP_CODE=mailbox.code(visit.email))
    assert "code" in browser.arrival
    shown = idp.admin_get_user(UserPoolId=visit.id, Username="ada")
    assert factories.attributes_of(shown)["email_verified"] == "true"
    assert shown["PreferredMfaSetting"] == EMAIL


def test_a_phone_number_is_set_up_on_the_way_in(server: Server, idp: Any, mailbox: Mailbox) -> None:
    visit = Visit(server, idp, second_factors.make_pool(idp, SMS, mode="ON"))
    visit.make_user()
    browser = visit.begin(password=PASSWORD)
    assert browser.forms[0].inputs["PHONE_NUMBER"]["type"] == "tel"
    browser.submit(PHONE_NUMBER="0170 555")
    assert "Please enter a phone number" in browser.text
    browser.submit(PHONE_NUMBER=visit.phone)
    browser.submit(SMS_MFA_CODE=mailbox.code(visit.phone))
    assert "code" in browser.arrival
    assert idp.admin_get_user(UserPoolId=visit.id, Username="ada")["PreferredMfaSetting"] == SMS


# A new password


def test_a_temporary_password_is_replaced(server: Server, idp: Any) -> None:
    visit = Visit(server, idp, factories.make_pool(idp, Schema=REQUIRED_NAME))
    idp.admin_create_user(
        UserPoolId=visit.id, Username="bob", TemporaryPassword="Temporary-1-word", MessageAction="SUPPRESS"
    )
    browser = visit.begin("bob", password="Temporary-1-word")
    fields = browser.forms[0].inputs
    assert fields["NEW_PASSWORD"]["autocomplete"] == "new-password"
    answers = {"NEW_PASSWORD": NEW, "repeated": NEW, "userAttributes.name": "Bob"}
    browser.submit(**{**answers, "repeated": WRONG})
    assert "The passwords are not the same." in browser.text
    browser.submit(**{**answers, "NEW_PASSWORD": "short", "repeated": "short"})
    assert "This password is too short." in browser.text
    browser.submit(**{**answers, "userAttributes.name": ""})
    assert browser.forms[0].inputs["userAttributes.name"].get("aria-invalid") == "true"
    browser.submit(**answers)
    assert "code" in browser.arrival
    shown = idp.admin_get_user(UserPoolId=visit.id, Username="bob")
    assert shown["UserStatus"] == "CONFIRMED"
    assert factories.attributes_of(shown)["name"] == "Bob"


# Sessions that are over


def test_a_sign_in_that_took_too_long_starts_over(with_mfa: Visit, public: Any, clock: Clock) -> None:
    with_mfa.prefer(public, EMAIL, preferred=EMAIL)
    browser = with_mfa.begin(password=PASSWORD)
    clock.advance(minutes=4, seconds=50)
    browser.submit(EMAIL_OTP_CODE="000000")
    assert WRONG_CODE in browser.text
    clock.advance(seconds=20)
    page = browser.submit(EMAIL_OTP_CODE="000000")
    assert f"/{with_mfa.id}/login?" in page.url
    assert "Please start again." in browser.text
    browser.submit(username="ada", password=PASSWORD)
    assert "Enter your code" in browser.text


def test_a_page_from_before_the_last_step_does_not_go_back(with_mfa: Visit, public: Any, mailbox: Mailbox) -> None:
    with_mfa.prefer(public, SMS, EMAIL)
    browser = with_mfa.begin(password=PASSWORD)
    cookies = browser.session.cookies.copy()
    browser.submit(ANSWER=EMAIL)
    browser.session.cookies = cookies
    assert browser.at is not None
    browser.open(f"challenge?{browser.at.url.partition('?')[2]}")
    assert "Please start again." in browser.text


@pytest.mark.parametrize("session", [None, "", "nonsense", "a.b", "\u00e9".encode().decode("latin-1")])
def test_there_is_no_challenge_without_a_session(with_mfa: Visit, session: str | None) -> None:
    if session is not None:
        with_mfa.browser.session.cookies.set(f"attempt-{with_mfa.id}", session)
    page = with_mfa.browser.open("challenge", **request_of(with_mfa.client))
    assert f"/{with_mfa.id}/login?" in page.url
    assert "Please start again." in with_mfa.browser.text


def test_another_client_cannot_take_a_sign_in_over(with_mfa: Visit, public: Any, idp: Any) -> None:
    with_mfa.prefer(public, EMAIL, preferred=EMAIL)
    browser = with_mfa.begin(password=PASSWORD)
    other = make_app(idp, with_mfa.id)
    browser.open("challenge", **request_of(other))
    assert "Please start again." in browser.text


def test_who_is_disabled_meanwhile_is_told_and_out(with_mfa: Visit, public: Any, mailbox: Mailbox, idp: Any) -> None:
    with_mfa.prefer(public, EMAIL, preferred=EMAIL)
    browser = with_mfa.begin(password=PASSWORD)
    idp.admin_disable_user(UserPoolId=with_mfa.id, Username="ada")
    browser.submit(EMAIL_OTP_CODE=mailbox.code(with_mfa.email))
    assert "User is disabled." in browser.text
    browser.click("Start over")
    assert browser.forms[0].inputs["password"]


# Functions of the pool


def test_a_function_that_refuses_is_heard(server: Server, idp: Any, hooks: Hooks) -> None:
    pool = factories.make_pool(idp, LambdaConfig=dict.fromkeys(("PreAuthentication", "PostAuthentication"), hooks.arn))
    visit = Visit(server, idp, pool)
    visit.make_user()
    refusing = {"PreAuthentication_Authentication": ""}

    def answer(event: dict[str, Any]) -> Any:
        if event["triggerSource"] in refusing:
            raise ValueError("<b>closed</b> on Sundays")
        return event

    calls = hooks.on(pool, answer)
    browser = visit.begin(password=PASSWORD)
    assert "PreAuthentication failed with error <b>closed</b> on Sundays" in browser.text
    assert browser.at is not None
    assert "<b>closed" not in browser.at.text
    refusing.clear()
    refusing["PostAuthentication_Authentication"] = ""
    browser.submit(username="ada", password=PASSWORD)
    assert "PostAuthentication failed with error" in browser.text
    refusing.clear()
    browser.submit(username="ada", password=PASSWORD)
    assert "code" in browser.arrival
    assert calls[-1]["callerContext"]["clientId"] == visit.client["ClientId"]


def test_a_function_that_refuses_at_the_end_ends_a_sign_in_with_steps(server: Server, idp: Any, hooks: Hooks) -> None:
    pool = factories.make_pool(idp, LambdaConfig={"PostAuthentication": hooks.arn})
    visit = Visit(server, idp, pool)
    idp.admin_create_user(
        UserPoolId=visit.id, Username="bob", TemporaryPassword="Temporary-1-word", MessageAction="SUPPRESS"
    )

    def answer(event: dict[str, Any]) -> Any:
        raise ValueError("closed")

    hooks.on(pool, answer)
    browser = visit.begin("bob", password="Temporary-1-word")
    browser.submit(NEW_PASSWORD=NEW, repeated=NEW)
    assert "You are not signed in" in browser.text
    assert "PostAuthentication failed with error closed" in browser.text
    browser.click("Start over")
    assert browser.forms[0].inputs["password"]


@pytest.fixture
def asking(server: Server, idp: Any, hooks: Hooks) -> Visit:
    pool = questions.make_pool(idp, hooks)
    visit = Visit(server, idp, pool, ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    visit.make_user()
    return visit


def test_a_question_of_the_pools_functions_signs_in(asking: Visit) -> None:
    browser = asking.begin()
    assert "<i>2 + 2</i>?" in browser.text
    assert "for the app alone" not in browser.text
    assert browser.at is not None
    assert "<i>2" not in browser.at.text
    browser.submit(ANSWER="5")
    assert "<i>2 + 2</i>?" in browser.text, "asked once more"
    browser.submit(ANSWER="4")
    assert "code" in browser.arrival


def test_wrong_answers_end_a_sign_in(asking: Visit) -> None:
    browser = asking.begin()
    for _ in range(3):
        browser.submit(ANSWER="5")
    assert "You are not signed in" in browser.text
    assert "Incorrect username or password." in browser.text


def test_nobody_is_asked_the_same_questions_to_the_same_end(asking: Visit) -> None:
    walks = []
    for name in ("ada", "nobody"):
        asking.browser = Browser(asking.server, asking.id)
        browser = asking.begin(name)
        pages = [browser.text]
        for _ in range(3):
            browser.submit(ANSWER="5")
            pages.append(browser.text)
        walks.append([page.replace(name, "NAME") for page in pages])
    assert walks[0] == walks[1]
