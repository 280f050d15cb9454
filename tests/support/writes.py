"""A mixed load of writes on users, and what each makes of a user once it is acknowledged."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from tests.support import totp
from tests.support.journal import Person, Session
from tests.support.writer import (
    Members,
    Writer,
    has_temporary_password,
    is_absent,
    is_active,
    is_live,
    is_recoverable,
    is_signed_in,
    is_there,
    listed,
    mailed,
    may_sign_up_code,
    needs_a_password_alone,
    signed_out,
    was_mailed,
    write,
)

# --- coming and going


@write(is_absent, 8)
def sign_up(to: Writer) -> None:
    attributes = {"email": to.new_address(), "given_name": "Given"}
    password = to.new_password()
    born = Person(
        to.person.name, True, None, "UNCONFIRMED", password, True, attributes, (), frozenset(), frozenset({"sign_up"})
    )
    to.by_name(
        "SignUp",
        lambda answer: replace(
            born, sub=answer and answer["UserSub"], mailed=mailed(answer, "sign_up"), events=to.person.events
        ),
        Password=password,
        UserAttributes=listed(attributes),
    )


@write(is_absent, 8)
def create(to: Writer) -> None:
    attributes = {"email": to.new_address(), "email_verified": "true", "family_name": "Family"}
    password = to.new_password()
    born = Person(to.person.name, True, None, "FORCE_CHANGE_PASSWORD", password, True, attributes)

    def after(answer: Any) -> Person:
        sub = answer and next(item["Value"] for item in answer["User"]["Attributes"] if item["Name"] == "sub")
        return replace(born, sub=sub, events=to.person.events).noting("AdminCreateUser")

    to.by_operator(
        "AdminCreateUser",
        after,
        TemporaryPassword=password,
        MessageAction="SUPPRESS",
        UserAttributes=listed(attributes),
    )


@write(was_mailed("sign_up", may_sign_up_code), 8)
def confirm(to: Writer) -> None:
    done = replace(
        to.person,
        status="CONFIRMED",
        attributes=to.person.with_attributes(email_verified="true"),
        codes=to.person.codes - {"sign_up"},
        mailed="",
    )
    to.by_name("ConfirmSignUp", lambda answer: done, ConfirmationCode=to.code())


@write(may_sign_up_code, 1)
def resend(to: Writer) -> None:
    person = to.person
    to.by_name(
        "ResendConfirmationCode",
        lambda answer: replace(person, codes=person.codes | {"sign_up"}, mailed=mailed(answer, "sign_up")),
    )


@write(lambda person: person.exists and person.status == "UNCONFIRMED", 1)
def confirm_as_operator(to: Writer) -> None:
    done = to.person.noting("AdminConfirmSignUp", status="CONFIRMED")
    to.by_operator("AdminConfirmSignUp", lambda answer: done)


@write(is_there, 1)
def delete_as_operator(to: Writer) -> None:
    gone = Person(to.person.name, events=to.person.noting("AdminDeleteUser").events)
    to.by_operator("AdminDeleteUser", lambda answer: gone)


@write(is_signed_in, 1)
def delete_own(to: Writer) -> None:
    gone = Person(to.person.name, events=to.person.events)
    to.by_token("DeleteUser", lambda answer: gone)


@write(lambda person: person.exists and person.enabled, 1)
def disable(to: Writer) -> None:
    done = to.person.noting("AdminDisableUser", enabled=False, sessions=signed_out(to.person))
    to.by_operator("AdminDisableUser", lambda answer: done)


@write(lambda person: person.exists and not person.enabled, 8)
def enable(to: Writer) -> None:
    done = to.person.noting("AdminEnableUser", enabled=True)
    to.by_operator("AdminEnableUser", lambda answer: done)


# --- passwords


@write(is_there)
def set_password(to: Writer) -> None:
    password, is_permanent = to.new_password(), to.random.random() < 0.6
    status = "CONFIRMED" if is_permanent else "FORCE_CHANGE_PASSWORD"
    done = to.person.noting("AdminSetUserPassword", status=status, password=password)
    to.by_operator("AdminSetUserPassword", lambda answer: done, Password=password, Permanent=is_permanent)


@write(is_signed_in, 3)
def change_password(to: Writer) -> None:
    password = to.new_password()
    done = replace(to.person, password=password)
    to.by_token("ChangePassword", lambda answer: done, PreviousPassword=to.person.password, ProposedPassword=password)


@write(is_recoverable)
def forgot(to: Writer) -> None:
    person = to.person
    to.by_name(
        "ForgotPassword",
        lambda answer: replace(person, codes=person.codes | {"password"}, mailed=mailed(answer, "password")),
    )


@write(lambda person: is_active(person) and is_recoverable(person), 1)
def reset_as_operator(to: Writer) -> None:
    done = to.person.noting("AdminResetUserPassword", status="RESET_REQUIRED", codes=to.person.codes | {"password"})
    to.by_operator("AdminResetUserPassword", lambda answer: replace(done, mailed=mailed(answer, "password")))


@write(was_mailed("password", is_recoverable), 8)
def confirm_forgot(to: Writer) -> None:
    password = to.new_password()
    done = replace(to.person, status="CONFIRMED", password=password, codes=to.person.codes - {"password"}, mailed="")
    to.by_name("ConfirmForgotPassword", lambda answer: done, ConfirmationCode=to.code(), Password=password)


# --- sign-in


def _credentials(to: Writer) -> Members:
    return {"USERNAME": to.person.name, "PASSWORD": to.person.password}


def _with_session(person: Person, client_id: str, answer: Any) -> Person:
    return replace(person, sessions=(*person.sessions, Session.of(client_id, answer)))


def _in_place_of(session: Session, other: Session, person: Person) -> Person:
    return replace(person, sessions=tuple(other if held is session else held for held in person.sessions))


@write(needs_a_password_alone, 5)
def sign_in(to: Writer) -> None:
    _sign_in_at(to, to.ground.client_id)


@write(needs_a_password_alone)
def sign_in_where_tokens_rotate(to: Writer) -> None:
    _sign_in_at(to, to.ground.rotating_client_id)


def _sign_in_at(to: Writer, client_id: str) -> None:
    person = to.person
    to.public(
        "InitiateAuth",
        lambda answer: _with_session(person, client_id, answer),
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters=_credentials(to),
    )


@write(needs_a_password_alone)
def sign_in_as_operator(to: Writer) -> None:
    done = to.person.noting("AdminInitiateAuth")
    to.by_operator(
        "AdminInitiateAuth",
        lambda answer: _with_session(done, to.ground.client_id, answer),
        ClientId=to.ground.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters=_credentials(to),
    )


@write(has_temporary_password, 8)
def take_temporary_password(to: Writer) -> None:
    """The new password, and then the tokens, are two writes: between them the user has the one and not the others."""
    start, password = to.person, to.new_password()
    is_admin = to.random.random() < 0.7
    client = {"ClientId": to.ground.client_id}
    if is_admin:
        asked = to.by_operator(
            "AdminInitiateAuth",
            lambda answer: start.noting("AdminInitiateAuth"),
            **client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters=_credentials(to),
        )
    else:
        flow = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": _credentials(to)}
        asked = to.public("InitiateAuth", lambda answer: start, **client, **flow)
    is_named = "nickname" in to.person.attributes
    attributes = to.person.attributes if is_named else to.person.with_attributes(nickname="Nick")
    changes = {"status": "CONFIRMED", "password": password, "attributes": attributes}
    person = to.person
    taken = person.noting("AdminRespondToAuthChallenge", **changes) if is_admin else replace(person, **changes)
    members = {
        **client,
        **({"UserPoolId": to.ground.pool_id} if is_admin else {}),
        "ChallengeName": asked["ChallengeName"],
        "Session": asked["Session"],
        "ChallengeResponses": {
            "USERNAME": person.name,
            "NEW_PASSWORD": password,
            **({} if is_named else {"userAttributes.nickname": "Nick"}),
        },
    }
    operation = "AdminRespondToAuthChallenge" if is_admin else "RespondToAuthChallenge"
    to.journal.ask(
        to.caller,
        person.name,
        operation,
        members,
        lambda answer: _with_session(taken, client["ClientId"], answer),
        taken,
    )


@write(lambda person: is_active(person) and person.has_mfa, 8)
def sign_in_with_a_code(to: Writer) -> None:
    """The right code verifies the address, and then come the tokens: two writes."""
    start, client = to.person, {"ClientId": to.ground.client_id}
    flow = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": _credentials(to)}
    asked = to.public("InitiateAuth", lambda answer: start, **client, **flow)
    taken = replace(start, attributes=start.with_attributes(email_verified="true"))
    members = {
        **client,
        "ChallengeName": asked["ChallengeName"],
        "Session": asked["Session"],
        "ChallengeResponses": {"USERNAME": start.name, "EMAIL_OTP_CODE": to.code()},
    }
    to.journal.ask(
        to.caller,
        start.name,
        "RespondToAuthChallenge",
        members,
        lambda answer: _with_session(taken, client["ClientId"], answer),
        taken,
    )


@write(is_signed_in, 3)
def refresh(to: Writer) -> None:
    """Where tokens rotate, the one is spent and the other there, or neither."""
    person = to.person
    if usable := [held for held in person.sessions if is_live(held, held.client_id)]:
        session = to.random.choice(usable)
        members = {"ClientId": session.client_id, "RefreshToken": session.refresh_token}
        if session.client_id == to.ground.client_id:
            to.public("GetTokensFromRefreshToken", lambda answer: person, **members)
        else:
            to.public(
                "GetTokensFromRefreshToken",
                lambda answer: _in_place_of(session, session.exchanged(answer), person),
                **members,
            )


@write(is_signed_in)
def revoke(to: Writer) -> None:
    if usable := [held for held in to.person.sessions if is_live(held, held.client_id)]:
        ended = to.random.choice(usable)
        done = _in_place_of(ended, replace(ended, is_revoked=True), to.person)
        to.public("RevokeToken", lambda answer: done, ClientId=ended.client_id, Token=ended.refresh_token)


@write(is_signed_in)
def sign_out(to: Writer) -> None:
    done = replace(to.person, sessions=signed_out(to.person))
    to.by_token("GlobalSignOut", lambda answer: done)


@write(is_there, 1)
def sign_out_as_operator(to: Writer) -> None:
    done = to.person.noting("AdminUserGlobalSignOut", sessions=signed_out(to.person))
    to.by_operator("AdminUserGlobalSignOut", lambda answer: done)


# --- second factors


@write(lambda person: is_signed_in(person) and not person.has_mfa, 5)
def switch_mfa_on(to: Writer) -> None:
    done = replace(to.person, has_mfa=True, mailed="")
    setting = {"Enabled": True, "PreferredMfa": True}
    to.by_token("SetUserMFAPreference", lambda answer: done, EmailMfaSettings=setting)


@write(lambda person: person.exists and person.has_mfa)
def switch_mfa_off_as_operator(to: Writer) -> None:
    done = to.person.noting("AdminSetUserMFAPreference", has_mfa=False)
    to.by_operator("AdminSetUserMFAPreference", lambda answer: done, EmailMfaSettings={"Enabled": False})


@write(is_signed_in)
def set_up_app(to: Writer) -> None:
    """A second one takes the place of the first."""
    person = to.person
    secret = to.by_token("AssociateSoftwareToken", lambda answer: person)["SecretCode"]
    done = replace(person, has_app=True)
    to.by_token("VerifySoftwareToken", lambda answer: done, UserCode=totp.code(secret, time.time()))


@write(lambda person: person.exists and person.has_app, 1)
def take_app_away_as_operator(to: Writer) -> None:
    done = to.person.noting("AdminDeleteSoftwareToken", has_app=False)
    to.by_operator("AdminDeleteSoftwareToken", lambda answer: done)


# --- attributes and groups


@write(is_signed_in)
def update_own(to: Writer) -> None:
    changes = {"given_name": to.random.choice(["Ada", "Böse", ""]), "nickname": str(to.random.random())}
    done = replace(to.person, attributes=to.person.with_attributes(**changes))
    to.by_token("UpdateUserAttributes", lambda answer: done, UserAttributes=listed(changes))


@write(is_signed_in)
def update_own_address(to: Writer) -> None:
    """A new address waits for its code, and signs nobody in until then."""
    person, address = to.person, to.new_address()
    attributes = person.with_attributes(email=address, email_verified="false")
    to.by_token(
        "UpdateUserAttributes",
        lambda answer: replace(
            person, attributes=attributes, codes=person.codes | {"email"}, mailed=mailed(answer, "email")
        ),
        UserAttributes=listed({"email": address}),
    )


@write(was_mailed("email", is_signed_in), 8)
def verify_address(to: Writer) -> None:
    attributes = to.person.with_attributes(email_verified="true")
    done = replace(to.person, attributes=attributes, codes=to.person.codes - {"email"}, mailed="")
    to.by_token("VerifyUserAttribute", lambda answer: done, AttributeName="email", Code=to.code())


@write(is_there)
def update_as_operator(to: Writer) -> None:
    changes = {"family_name": to.random.choice(["Müller", "O'Neil", ""]), "email": to.new_address()}
    if is_verified := to.random.random() < 0.5:
        changes["email_verified"] = "true"
    attributes = to.person.with_attributes(**{"email_verified": "false", **changes})
    codes = to.person.codes - {"email"} if is_verified else to.person.codes | {"email"}
    done = to.person.noting("AdminUpdateUserAttributes", attributes=attributes, codes=codes)
    to.by_operator(
        "AdminUpdateUserAttributes",
        lambda answer: replace(done, mailed="" if is_verified else mailed(answer, "email")),
        UserAttributes=listed(changes),
    )


@write(is_there, 1)
def delete_attributes_as_operator(to: Writer) -> None:
    attributes = to.person.with_attributes(nickname="", family_name="")
    done = to.person.noting("AdminDeleteUserAttributes", attributes=attributes)
    to.by_operator("AdminDeleteUserAttributes", lambda answer: done, UserAttributeNames=["nickname", "family_name"])


@write(is_signed_in, 1)
def delete_own_attribute(to: Writer) -> None:
    done = replace(to.person, attributes=to.person.with_attributes(given_name=""))
    to.by_token("DeleteUserAttributes", lambda answer: done, UserAttributeNames=["given_name"])


@write(is_there)
def join_or_leave(to: Writer) -> None:
    group = to.random.choice(to.ground.groups)
    if group in to.person.groups:
        done = to.person.noting("AdminRemoveUserFromGroup", groups=to.person.groups - {group})
        to.by_operator("AdminRemoveUserFromGroup", lambda answer: done, GroupName=group)
    else:
        done = to.person.noting("AdminAddUserToGroup", groups=to.person.groups | {group})
        to.by_operator("AdminAddUserToGroup", lambda answer: done, GroupName=group)
