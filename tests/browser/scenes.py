"""How to reach each page: by its address, and by what somebody does there, whatever the language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.support import factories, questions, second_factors
from tests.support.factories import address_of, number_of
from tests.support.hooks import Hooks
from tests.support.mailbox import Mailbox
from tests.support.pages import PASSWORD, make_app, make_user, query, request_of
from tests.support.second_factors import EMAIL, SMS, TOTP
from tests.support.server import Server

LONG_NAME = "maximiliane-henriette.von-der-heydenreich-oberstein.of-the-department-of-long-names"
_FIRST = {"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}}
_SENDERS = {"EmailConfiguration": second_factors.EMAIL_SENDER, "SmsConfiguration": second_factors.SMS_SENDER}
_MANY = ("name", "email", "phone_number", "birthdate", "website", "address")
_TEMPORARY = "Temporary-1-word"


class Scene:
    """A window, and what it looks at: a pool with an app, of which some user is let in."""

    def __init__(self, server: Server, idp: Any, hooks: Hooks, page: Page) -> None:
        self.server, self.idp, self.hooks, self.page = server, idp, hooks, page
        self.pool: dict[str, Any] = {}
        self.app: dict[str, Any] = {}

    def at(self, pool: dict[str, Any], **client: Any) -> Scene:
        self.pool, self.app = pool, make_app(self.idp, pool["Id"], **client)
        return self

    def at_new(self, **members: Any) -> Scene:
        return self.at(factories.make_pool(self.idp, **members))

    def with_user(self, name: str = "ada") -> Scene:
        addresses = {"email": address_of(self.pool, "ada"), "phone_number": number_of(self.pool)}
        verified = {"email_verified": "true", "phone_number_verified": "true"}
        make_user(self.idp, self.pool["Id"], name, **addresses, **verified)
        return self

    def open(self, path: str, **more: str) -> Scene:
        """A page with the authorization request of the app."""
        self.page.goto(f"{self.server.url}/{self.pool['Id']}/{path}?{query(request_of(self.app, **more))}")
        return self

    def submit(self, **given: str) -> Scene:
        """Fill in and send the page's form."""
        for name, value in given.items():
            self.page.locator(f"main [name='{name}']").fill(value)
        with self.page.expect_navigation():
            self.page.locator("main form .button").first.click()
        return self

    def choose(self, value: str) -> Scene:
        self.page.locator(f"main [value='{value}']").check()
        return self.submit()


def _login(scene: Scene) -> None:
    scene.at_new().open("login")


def _login_refused(scene: Scene) -> None:
    scene.at_new().with_user().open("login").submit(username="ada", password=f"not-{PASSWORD}")


def _login_expired(scene: Scene) -> None:
    scene.at_new().open("challenge")


def _login_by_name(scene: Scene) -> None:
    _choosing(scene).open("login")


def _remembered(scene: Scene) -> None:
    back = f"{scene.server.url}/healthz"
    scene.at_new().at(scene.pool, CallbackURLs=[back]).with_user(LONG_NAME)
    scene.open("login", redirect_uri=back).submit(username=LONG_NAME, password=PASSWORD)
    scene.open("login", redirect_uri=back)


def _choosing(scene: Scene) -> Scene:
    members = {"AutoVerifiedAttributes": ["email", "phone_number"], **_FIRST, **_SENDERS}
    return scene.at_new(**members).at(scene.pool, ExplicitAuthFlows=["ALLOW_USER_AUTH"])


def _choice(scene: Scene) -> None:
    _choosing(scene).with_user().open("login").submit(username="ada")


def _password(scene: Scene) -> None:
    _choosing(scene).with_user(LONG_NAME).open("login").submit(username=LONG_NAME).choose("PASSWORD")


def _code(scene: Scene) -> None:
    _choosing(scene).with_user().open("login").submit(username="ada").choose("EMAIL_OTP").submit(
        EMAIL_OTP_CODE="000000"
    )


def _app_code(scene: Scene) -> None:
    pool = second_factors.make_pool(scene.idp, TOTP)
    make_user(scene.idp, pool["Id"])
    scene.at(pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    signed_in = scene.idp.initiate_auth(
        ClientId=scene.app["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    second_factors.register(scene.idp, signed_in["AuthenticationResult"]["AccessToken"], "The phone in the kitchen")
    preference = {"Enabled": True, "PreferredMfa": True}
    scene.idp.admin_set_user_mfa_preference(UserPoolId=pool["Id"], Username="ada", SoftwareTokenMfaSettings=preference)
    scene.open("login").submit(username="ada", password=PASSWORD)


def _question(scene: Scene) -> None:
    scene.at(questions.make_pool(scene.idp, scene.hooks), ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH"])
    scene.with_user().open("login").submit(username="ada").submit(ANSWER="5")


def _ended(scene: Scene) -> None:
    _new_password(scene)
    scene.idp.admin_disable_user(UserPoolId=scene.pool["Id"], Username="ada")
    answers = {"name": "Ada", "birthdate": "1815-12-10"}
    fields = {f"userAttributes.{name}": value for name, value in answers.items()}
    scene.submit(NEW_PASSWORD=PASSWORD, repeated=PASSWORD, **fields)


def _set_up(scene: Scene, *factors: str) -> Scene:
    pool = second_factors.make_pool(scene.idp, *factors, mode="ON")
    make_user(scene.idp, pool["Id"])
    return scene.at(pool).open("login").submit(username="ada", password=PASSWORD)


def _set_up_choice(scene: Scene) -> None:
    _set_up(scene, TOTP, EMAIL)


def _set_up_app(scene: Scene) -> None:
    _set_up(scene, TOTP)
    scene.page.locator("main summary").click()


def _set_up_phone(scene: Scene) -> None:
    _set_up(scene, SMS)


def _new_password(scene: Scene) -> None:
    scene.at_new(Schema=[{"Name": "name", "Required": True}, {"Name": "birthdate", "Required": True}])
    scene.idp.admin_create_user(
        UserPoolId=scene.pool["Id"], Username="ada", TemporaryPassword=_TEMPORARY, MessageAction="SUPPRESS"
    )
    scene.open("login").submit(username="ada", password=_TEMPORARY)


def _sign_up(scene: Scene) -> None:
    custom = {"Name": "likes_letters", "AttributeDataType": "Boolean", "Mutable": True}
    schema = [*({"Name": name, "Required": True} for name in _MANY), custom]
    writable = [*_MANY, "nickname", "custom:likes_letters"]
    scene.at_new(Schema=schema, AutoVerifiedAttributes=["email"]).at(scene.pool, WriteAttributes=writable).open(
        "signup"
    )


def _sign_up_refused(scene: Scene) -> None:
    scene.at_new().with_user().open("signup").submit(username="ada", password="correct horse")


def _sign_up_closed(scene: Scene) -> None:
    scene.at_new(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True}).open("signup")


def _confirm(scene: Scene) -> None:
    scene.at_new(Schema=[{"Name": "email", "Required": True}], AutoVerifiedAttributes=["email"]).open("signup")
    email = address_of(scene.pool, "ada")
    scene.submit(username="ada", password=PASSWORD, **{"requiredAttributes[email]": email})


def _confirm_by_link(scene: Scene) -> None:
    scene.at_new(
        Schema=[{"Name": "email", "Required": True}],
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"},
    ).open("signup")
    email = address_of(scene.pool, "ada")
    scene.submit(username="ada", password=PASSWORD, **{"requiredAttributes[email]": email})


def _link_followed(scene: Scene) -> None:
    _confirm_by_link(scene)
    message = Mailbox(scene.server).messages(address_of(scene.pool, "ada"))[0]
    scene.page.goto(message["link"])


def _link_used(scene: Scene) -> None:
    _link_followed(scene)
    scene.page.reload()


def _forgot(scene: Scene) -> None:
    scene.at_new().open("forgotPassword")


def _reset(scene: Scene) -> None:
    scene.at_new().with_user().open("forgotPassword").submit(username="ada")


def _signed_out(scene: Scene) -> None:
    scene.at_new()
    scene.page.goto(f"{scene.server.url}/{scene.pool['Id']}/logout")


def _error(scene: Scene) -> None:
    scene.at_new().open("error", error="redirect_mismatch")


def _nothing_there(scene: Scene) -> None:
    scene.page.goto(f"{scene.server.url}/us-east-1_nothing00/login")


PAGES: dict[str, Callable[[Scene], None]] = {
    "login": _login,
    "login refused": _login_refused,
    "login expired": _login_expired,
    "login by name": _login_by_name,
    "remembered": _remembered,
    "choice": _choice,
    "password": _password,
    "code": _code,
    "app code": _app_code,
    "question": _question,
    "ended": _ended,
    "set-up choice": _set_up_choice,
    "set-up app": _set_up_app,
    "set-up phone": _set_up_phone,
    "new password": _new_password,
    "sign-up": _sign_up,
    "sign-up refused": _sign_up_refused,
    "sign-up closed": _sign_up_closed,
    "confirm": _confirm,
    "confirm by link": _confirm_by_link,
    "link followed": _link_followed,
    "link used": _link_used,
    "forgot": _forgot,
    "reset": _reset,
    "signed out": _signed_out,
    "error": _error,
    "nothing there": _nothing_there,
}
"""Each page, and each face of it that differs."""
