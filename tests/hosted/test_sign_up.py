"""Signing up on the pages, without JavaScript."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import factories
from tests.support.account_pages import EMAIL, REQUIRED_EMAIL, inputs, is_signed_in, opened
from tests.support.factories import address_of, unique
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox, wrong
from tests.support.pages import PASSWORD, Browser, make_app, make_user, request_of
from tests.support.server import Server


@pytest.fixture
def pool(idp: Any) -> dict[str, Any]:
    return factories.make_pool(idp, AutoVerifiedAttributes=["email"], Schema=[REQUIRED_EMAIL])


def status_of(idp: Any, pool: dict[str, Any], name: str) -> str:
    status: str = idp.admin_get_user(UserPoolId=pool["Id"], Username=name)["UserStatus"]
    return status


def test_who_signs_up_and_gives_the_code_is_signed_in(
    server: Server, idp: Any, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    name, address = unique(), address_of(pool)
    browser.submit(username=name, password=PASSWORD, **{EMAIL: address})
    assert f"We have sent a code by email to {address[0]}***@e***" in browser.text
    assert status_of(idp, pool, name) == "UNCONFIRMED"
    browser.submit(code=mailbox.code(address))
    assert status_of(idp, pool, name) == "CONFIRMED"
    assert is_signed_in(browser)


def test_a_wrong_code_is_told_and_the_right_one_still_works(
    server: Server, idp: Any, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    name, address = unique(), address_of(pool)
    browser.submit(username=name, password=PASSWORD, **{EMAIL: address})
    browser.submit(code=wrong(mailbox.code(address)))
    assert "Invalid verification code provided, please try again." in browser.text
    browser.submit(code=f" {mailbox.code(address)[:3]} {mailbox.code(address)[3:]}")
    assert is_signed_in(browser)


def test_another_browser_is_sent_to_sign_in(server: Server, idp: Any, pool: dict[str, Any], mailbox: Mailbox) -> None:
    client = make_app(idp, pool["Id"])
    name, address = unique(), address_of(pool)
    opened(server, client, "signup").submit(username=name, password=PASSWORD, **{EMAIL: address})
    other = opened(server, client, "confirm", username=name)
    other.submit(code=mailbox.code(address))
    assert other.at is not None
    assert "/login?" in other.at.url
    assert "notice=confirmed" in other.at.url
    assert not is_signed_in(other)


def test_a_second_factor_that_is_required_is_set_up_first(server: Server, idp: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], Schema=[REQUIRED_EMAIL])
    idp.set_user_pool_mfa_config(
        UserPoolId=pool["Id"], MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    address = address_of(pool)
    browser.submit(username=unique(), password=PASSWORD, **{EMAIL: address})
    browser.submit(code=mailbox.code(address))
    assert browser.at is not None
    assert f"/{pool['Id']}/challenge?" in browser.at.url
    assert not is_signed_in(browser)


def test_fields_are_those_of_aws_with_the_right_types(server: Server, idp: Any) -> None:
    names = ("email", "phone_number", "birthdate", "website", "given_name", "family_name")
    pool = factories.make_pool(idp, Schema=[{"Name": name, "Required": True} for name in names])
    found = inputs(opened(server, make_app(idp, pool["Id"]), "signup"))
    expected = {
        "username": ("text", "username"),
        "password": ("password", "new-password"),
        "requiredAttributes[email]": ("email", "email"),
        "requiredAttributes[phone_number]": ("tel", "tel"),
        "requiredAttributes[birthdate]": ("date", "bday"),
        "requiredAttributes[website]": ("url", "url"),
        "requiredAttributes[given_name]": ("text", "given-name"),
        "requiredAttributes[family_name]": ("text", "family-name"),
    }
    assert {name: (tag["type"], tag["autocomplete"]) for name, tag in found.items() if name != "_csrf"} == expected
    assert all("required" in found[name] for name in expected)


def test_attributes_that_the_client_is_said_to_write_are_asked_for_and_may_stay_empty(server: Server, idp: Any) -> None:
    custom = [{"Name": "seats", "AttributeDataType": "Number"}, {"Name": "news", "AttributeDataType": "Boolean"}]
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email"], Schema=[REQUIRED_EMAIL, *custom])
    chosen = ["email", "nickname", "custom:seats", "custom:news"]
    browser = opened(server, make_app(idp, pool["Id"], WriteAttributes=chosen), "signup")
    types = {name: tag["type"] for name, tag in inputs(browser).items()}
    assert types["requiredAttributes[nickname]"] == "text"
    assert types["requiredAttributes[custom:seats]"] == "number"
    assert types["requiredAttributes[custom:news]"] == "checkbox"
    assert "required" not in inputs(browser)["requiredAttributes[nickname]"]
    given = {EMAIL: address_of(pool), "requiredAttributes[custom:seats]": "4"}
    name = unique()
    browser.submit(username=name, password=PASSWORD, **given)
    kept = factories.attributes_of(idp.admin_get_user(UserPoolId=pool["Id"], Username=name))
    assert kept["custom:seats"] == "4"
    assert "nickname" not in kept


def test_a_client_that_may_write_everything_has_chosen_nothing(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    standard = [
        *("address", "birthdate", "email", "family_name", "gender", "given_name", "locale", "middle_name", "name"),
        *("nickname", "phone_number", "picture", "preferred_username", "profile", "updated_at", "website", "zoneinfo"),
    ]
    browser = opened(server, make_app(idp, pool["Id"], WriteAttributes=standard), "signup")
    assert set(inputs(browser)) == {"_csrf", "username", EMAIL, "password"}


@pytest.mark.parametrize(
    ("allowed", "label", "kind"),
    [(["email"], "Email", "email"), (["phone_number"], "Phone number", "tel")],
    ids=["email", "phone number"],
)
def test_an_address_that_is_the_user_name_is_asked_for_once(
    server: Server, idp: Any, allowed: list[str], label: str, kind: str
) -> None:
    required = [{"Name": allowed[0], "Required": True}]
    pool = factories.make_pool(idp, UsernameAttributes=allowed, AutoVerifiedAttributes=allowed, Schema=required)
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    assert set(inputs(browser)) == {"_csrf", "username", "password"}
    assert inputs(browser)["username"]["type"] == kind
    assert label in browser.text


def test_either_address_may_be_the_user_name(server: Server, idp: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(
        idp, UsernameAttributes=["email", "phone_number"], AutoVerifiedAttributes=["email", "phone_number"]
    )
    client = make_app(idp, pool["Id"])
    number, address = factories.number_of(pool), address_of(pool)
    browser = opened(server, client, "signup")
    assert "Email or phone number" in browser.text
    browser.submit(username=f"{number[:5]} ({number[5:7]}) {number[7:]}", password=PASSWORD)
    browser.submit(code=mailbox.code(number))
    assert is_signed_in(browser)
    browser = opened(server, client, "signup")
    browser.submit(username=address, password=PASSWORD)
    browser.submit(code=mailbox.code(address))
    assert is_signed_in(browser)


def test_where_one_of_both_is_required_it_is_the_user_name(server: Server, idp: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(
        idp,
        UsernameAttributes=["email", "phone_number"],
        AutoVerifiedAttributes=["email"],
        Schema=[REQUIRED_EMAIL],
    )
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    assert set(inputs(browser)) == {"_csrf", EMAIL, "password"}
    browser.submit(password=PASSWORD, **{EMAIL: address_of(pool)})
    browser.submit(code=mailbox.code(address_of(pool)))
    assert is_signed_in(browser)


def test_who_could_not_be_reached_is_asked_for_an_address(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp, AutoVerifiedAttributes=["email", "phone_number"])
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    name = unique()
    browser.submit(username=name, password=PASSWORD)
    assert "Enter an email address or a phone number." in browser.text
    browser.submit(password=PASSWORD, **{"requiredAttributes[phone_number]": "+1 415-555-0199"})
    assert "We have sent a code by text message to +*******0199" in browser.text


def test_the_password_policy_is_listed_and_held_to(server: Server, idp: Any) -> None:
    policy = {"MinimumLength": 10, "RequireNumbers": True}
    pool = factories.make_pool(idp, Policies={"PasswordPolicy": policy})
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    assert "Password must contain at least 10 characters" in browser.text
    assert "Password must contain a number" in browser.text
    assert "upper case" not in browser.text
    browser.submit(username=unique(), password="long enough but")
    assert browser.text.count("Password must contain a number") == 2
    browser.submit(password="short 1")
    assert "This password is too short." in browser.text


def test_a_name_that_is_taken_is_told(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    make_user(idp, pool["Id"], "ada")
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    browser.submit(username="ada", password=PASSWORD, **{EMAIL: address_of(pool)})
    assert "User already exists" in browser.text
    assert inputs(browser)["username"]["value"] == "ada"
    assert "value" not in inputs(browser)["password"]


@pytest.mark.parametrize("name", ["a name", "a\tname", "x" * 129], ids=["blank", "tab", "long"])
def test_what_is_no_user_name_is_refused(server: Server, idp: Any, pool: dict[str, Any], name: str) -> None:
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    answer = browser.submit(username=name, password=PASSWORD, **{EMAIL: address_of(pool)})
    assert answer.status_code == 200
    assert "/signup?" in answer.url
    assert not idp.list_users(UserPoolId=pool["Id"])["Users"]


def test_a_closed_pool_says_so(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    assert browser.at is not None
    assert browser.at.status_code == 403
    assert "You cannot sign up here yourself." in browser.text
    assert not inputs(browser)


def test_a_client_for_users_of_other_providers_alone_takes_no_sign_ups(
    server: Server, idp: Any, pool: dict[str, Any]
) -> None:
    app = make_app(idp, pool["Id"], SupportedIdentityProviders=[])
    for page in ("signup", "forgotPassword", "confirmforgotPassword"):
        browser = opened(server, app, page)
        assert browser.at is not None
        assert browser.at.status_code == 403
        assert not inputs(browser)


def test_where_nothing_is_verified_an_administrator_confirms(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp)
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    browser.submit(username=unique(), password=PASSWORD)
    assert browser.at is not None
    assert "notice=created" in browser.at.url
    assert not is_signed_in(browser)


def test_a_function_that_confirms_signs_in_at_once(server: Server, idp: Any, hooks: Hooks) -> None:
    pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": hooks.arn})
    calls = hooks.on(pool, lambda event: {**event, "response": {"autoConfirmUser": True}})
    client = make_app(idp, pool["Id"])
    browser = opened(server, client, "signup")
    browser.submit(username=unique(), password=PASSWORD)
    assert is_signed_in(browser)
    assert calls[0]["triggerSource"] == "PreSignUp_SignUp"
    assert calls[0]["callerContext"]["clientId"] == client["ClientId"]


def test_what_a_function_refuses_is_told_in_its_words(server: Server, idp: Any, hooks: Hooks) -> None:
    pool = factories.make_pool(idp, LambdaConfig={"PreSignUp": hooks.arn})

    def refusing(event: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("Members only <b>")

    hooks.on(pool, refusing)
    browser = opened(server, make_app(idp, pool["Id"]), "signup")
    browser.submit(username=unique(), password=PASSWORD)
    assert browser.at is not None
    assert "PreSignUp failed with error Members only &lt;b&gt;." in browser.at.text


def test_a_password_may_be_left_out_where_codes_sign_in(server: Server, idp: Any, mailbox: Mailbox) -> None:
    pool = factories.make_pool(
        idp,
        AutoVerifiedAttributes=["email"],
        Schema=[REQUIRED_EMAIL],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    browser = opened(server, make_app(idp, pool["Id"], ExplicitAuthFlows=["ALLOW_USER_AUTH"]), "signup")
    assert "You can leave this empty" in browser.text
    browser.submit(username=unique(), **{EMAIL: address_of(pool)})
    browser.submit(code=mailbox.code(address_of(pool)))
    assert is_signed_in(browser)


def test_a_session_of_the_page_is_none_for_the_api(
    server: Server, idp: Any, public: Any, pool: dict[str, Any], mailbox: Mailbox
) -> None:
    client = make_app(idp, pool["Id"], ExplicitAuthFlows=["ALLOW_USER_AUTH"])
    browser = opened(server, client, "signup")
    name, address = unique(), address_of(pool)
    browser.submit(username=name, password=PASSWORD, **{EMAIL: address})
    session = browser.session.cookies[f"attempt-{pool['Id']}"]
    code = mailbox.code(address)
    with pytest.raises(public.exceptions.NotAuthorizedException):
        public.confirm_sign_up(ClientId=client["ClientId"], Username=name, ConfirmationCode=code, Session=session)


def test_without_a_client_there_is_no_form(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    for page in ("signup", "confirm", "resendcode", "forgotPassword", "confirmforgotPassword"):
        for client_id in ("", "nobody", "\x00"):
            browser = Browser(server, pool["Id"])
            answer = browser.open(page, client_id=client_id)
            assert answer.status_code == 400
            assert not inputs(browser)


def test_a_form_without_its_token_does_nothing(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    client = make_app(idp, pool["Id"])
    name = unique()
    for page in ("signup", "confirm", "resendcode", "forgotPassword", "confirmforgotPassword"):
        browser = opened(server, client, page if page != "resendcode" else "confirm", username=name)
        answer = browser.session.post(
            f"{browser.base}/{page}",
            params=request_of(client),
            data={"username": name, "password": PASSWORD, EMAIL: address_of(pool)},
            timeout=20,
        )
        assert answer.status_code == 403, page
    assert not idp.list_users(UserPoolId=pool["Id"])["Users"]


def test_the_language_of_the_link_holds_on_the_pages_after(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    browser = opened(server, make_app(idp, pool["Id"]), "signup", lang="de")
    browser.submit(username=unique(), password=PASSWORD, **{EMAIL: address_of(pool)})
    assert browser.at is not None
    assert '<html lang="de"' in browser.at.text
