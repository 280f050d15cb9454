"""What really exists, so that hostile requests come past the front door: pools of three kinds, each with its people.

Requests spoil what they name. `mend()` makes anew what the last one may have taken away.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests
from botocore.exceptions import ClientError

from identity.wire.services import cognito_idp
from tests.support import clients, factories, second_factors, totp
from tests.support.clients import post
from tests.support.mailbox import Mailbox
from tests.support.server import Server
from tests.support.walk import ALL_FLOWS, Walk

_numbers = itertools.count(1)

SMS, APP, EMAIL = second_factors.SMS, second_factors.TOTP, second_factors.EMAIL


@dataclass(frozen=True)
class Kind:
    """What a pool is made of, and which second factors it offers; where these are required, that is said last, so that
    people can be made before."""

    pool: dict[str, Any]
    factors: tuple[str, ...]
    is_required: bool = False


def _first_factors(*names: str) -> dict[str, Any]:
    return {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *names]}}


_PLAIN: dict[str, Any] = {
    "Policies": _first_factors("EMAIL_OTP", "SMS_OTP"),
    "Schema": [
        {"Name": "text", "AttributeDataType": "String", "Mutable": True},
        {"Name": "size", "AttributeDataType": "Number", "Mutable": True},
        {"Name": "flag", "AttributeDataType": "Boolean", "Mutable": True},
        {"Name": "moment", "AttributeDataType": "DateTime", "Mutable": True},
    ],
    "AutoVerifiedAttributes": ["email"],
}
_BY_EMAIL: dict[str, Any] = {
    "UsernameAttributes": ["email"],
    "AutoVerifiedAttributes": ["email"],
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
}
_WITH_ALIASES: dict[str, Any] = {
    "AliasAttributes": ["email", "phone_number", "preferred_username"],
    "AutoVerifiedAttributes": ["email"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "Policies": {
        "PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 3},
        **_first_factors("EMAIL_OTP"),
    },
}
UPLOAD = {"x-amz-server-side-encryption": "aws:kms"}
TEMPORARY_PASSWORD = "Temporary-Horse-1"
KINDS = (
    Kind(_PLAIN, (SMS, APP, EMAIL)),
    Kind(_BY_EMAIL, (APP,), is_required=True),
    Kind(_WITH_ALIASES, (SMS, APP)),
)

_PAGE_SIZES = ("Limit", "MaxResults")
_PAGE_TOKENS = ("NextToken", "PaginationToken")

Values = dict[str, str]


class Cast:
    """One pool with a client and its people: signed in, invited with a Session, signed up with a code, invited with a
    Session of the administrators' kind, and those who wait for the other challenges of sign-in."""

    def __init__(self, server: Server, kind: Kind) -> None:
        self._server = server
        self._kind = kind
        self._operator = clients.idp(server)
        self._public = clients.idp(server, signed=False)
        self.pool: dict[str, Any] = {}
        self.client: dict[str, Any] = {}
        self.common: Values = {}
        self.people: list[Values] = []
        self.renew()

    def renew(self) -> None:
        """Another pool with all that is in it."""
        self.pool = second_factors.make_pool(self._operator, *self._kind.factors, **self._kind.pool)
        members: dict[str, Any] = {"ExplicitAuthFlows": ALL_FLOWS}
        if "AliasAttributes" in self._kind.pool:
            members["GenerateSecret"] = True
        if "UsernameAttributes" in self._kind.pool:
            members["RefreshTokenRotation"] = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
            members["ExplicitAuthFlows"] = [flow for flow in ALL_FLOWS if "REFRESH" not in flow]
        self.client = factories.make_client(self._operator, self.pool, **members)
        self.common = {
            "UserPoolId": self.pool["Id"],
            "ResourceArn": self.pool["Arn"],
            "PoolName": self.pool["Name"],
            "ClientName": self.client["ClientName"],
            "ClientId": self.client["ClientId"],
            "TemporaryPassword": TEMPORARY_PASSWORD,
        }
        if secret := self.client.get("ClientSecret"):
            self.common["ClientSecret"] = secret
            self.common["ClientSecretId"] = self._operator.add_user_pool_client_secret(
                UserPoolId=self.pool["Id"], ClientId=self.client["ClientId"]
            )["ClientSecretDescriptor"]["ClientSecretId"]
        self.common |= self._optional("CreateGroup", self._group)
        self.common |= self._optional("CreateUserImportJob", self._import_job)
        self.people = self._everyone()
        self.common |= self._page_tokens()

    def mend(self) -> None:
        """After requests that may have taken people away; what the pool's settings now forbid needs a new pool."""
        try:
            self.common |= self._optional("CreateGroup", self._group)
            self.people = self._everyone()
        except (ClientError, KeyError, IndexError):
            self.renew()

    def _everyone(self) -> list[Values]:
        if self._kind.is_required:
            second_factors.set_mfa(self._operator, self.pool, *self._kind.factors)
        people = [self._signed_in(), self._invited(), self._signed_up(), self._invited(by_administrator=True)]
        people += [self._choosing(), self._with_app(), self._with_srp(), self._with_code()]
        if self._kind.is_required:
            second_factors.set_mfa(self._operator, self.pool, *self._kind.factors, mode="ON")
        return [*people, self._setting_up()]

    def _optional(self, operation: str, make: Callable[[], Values]) -> Values:
        return make() if operation in cognito_idp.operations else {}

    def _group(self) -> Values:
        name = f"group-{next(_numbers)}"
        self._operator.create_group(UserPoolId=self.pool["Id"], GroupName=name, Precedence=5)
        return {"GroupName": name}

    def _import_job(self) -> Values:
        role = "arn:aws:iam::000000000000:role/import"
        made = self._operator.create_user_import_job(
            UserPoolId=self.pool["Id"], JobName="import", CloudWatchLogsRoleArn=role
        )
        header = self._operator.get_csv_header(UserPoolId=self.pool["Id"])["CSVHeader"]
        job = made["UserImportJob"]
        sent = requests.put(job["PreSignedUrl"], data=",".join(header) + "\n", headers=UPLOAD, timeout=10)
        sent.raise_for_status()
        return {"JobId": job["JobId"], "JobName": "import", "CloudWatchLogsRoleArn": role}

    def _new_person(self) -> tuple[str, list[dict[str, str]]]:
        number = next(_numbers)
        address = f"person{number}@fuzz.example"
        by_email = "UsernameAttributes" in self._kind.pool
        return (address if by_email else f"person{number}"), [{"Name": "email", "Value": address}]

    def _named(self, name: str) -> Values:
        found = {"Username": name, "USERNAME": name}
        if "ClientSecret" in self.client:
            proof = clients.secret_hash(self.client, name)
            found |= {"SecretHash": proof, "SECRET_HASH": proof}
        passwords = (
            "Password",
            "PASSWORD",
            "PreviousPassword",
            "ProposedPassword",
            "NEW_PASSWORD",
            "TemporaryPassword",
        )
        return found | dict.fromkeys(passwords, factories.PASSWORD)

    def _create(self) -> tuple[str, Values]:
        name, attributes = self._new_person()
        verified = [*attributes, {"Name": "email_verified", "Value": "true"}]
        self._operator.admin_create_user(
            UserPoolId=self.pool["Id"],
            Username=name,
            UserAttributes=verified,
            MessageAction="SUPPRESS",
            TemporaryPassword=TEMPORARY_PASSWORD,
        )
        return name, self._named(name)

    def _sign_in(self, values: Values, *, by_administrator: bool = False) -> dict[str, Any]:
        keys = ("USERNAME", "PASSWORD", "SECRET_HASH")
        given = {
            "ClientId": self.client["ClientId"],
            "AuthParameters": {key: values[key] for key in keys if key in values},
        }
        answer: dict[str, Any] = (
            self._operator.admin_initiate_auth(UserPoolId=self.pool["Id"], AuthFlow="ADMIN_USER_PASSWORD_AUTH", **given)
            if by_administrator
            else self._public.initiate_auth(AuthFlow="USER_PASSWORD_AUTH", **given)
        )
        return answer

    def _signed_in(self) -> Values:
        name, values = self._create()
        self._operator.admin_set_user_password(
            UserPoolId=self.pool["Id"], Username=name, Password=factories.PASSWORD, Permanent=True
        )
        if group := self.common.get("GroupName"):
            self._operator.admin_add_user_to_group(UserPoolId=self.pool["Id"], Username=name, GroupName=group)
        tokens = self._sign_in(values)["AuthenticationResult"]
        refresh = dict.fromkeys(("Token", "RefreshToken", "REFRESH_TOKEN"), tokens["RefreshToken"])
        codes = self._codes(values, tokens["AccessToken"])
        return {**values, **refresh, **codes, "AccessToken": tokens["AccessToken"]}

    def _codes(self, values: Values, access_token: str) -> Values:
        """One for a forgotten password and one for the e-mail address, where the pool lets them be sent."""
        mailbox = Mailbox(self._server)
        address = self._operator.admin_get_user(UserPoolId=self.pool["Id"], Username=values["Username"])
        to = factories.attributes_of(address)["email"]
        self._public.get_user_attribute_verification_code(AccessToken=access_token, AttributeName="email")
        found = {"Code": mailbox.code(to), "AttributeName": "email"}
        proof = {"SecretHash": values["SecretHash"]} if "SecretHash" in values else {}
        self._public.forgot_password(ClientId=self.client["ClientId"], Username=values["Username"], **proof)
        return {**found, "ConfirmationCode": mailbox.code(to)}

    def _invited(self, *, by_administrator: bool = False) -> Values:
        _, values = self._create()
        values |= {"PASSWORD": TEMPORARY_PASSWORD}
        return {**values, "Session": self._sign_in(values, by_administrator=by_administrator)["Session"]}

    def _signed_up(self) -> Values:
        name, attributes = self._new_person()
        values = self._named(name)
        proof = {"SecretHash": values["SecretHash"]} if "SecretHash" in values else {}
        self._public.sign_up(
            ClientId=self.client["ClientId"],
            Username=name,
            Password=factories.PASSWORD,
            UserAttributes=attributes,
            **proof,
        )
        code = Mailbox(self._server).code(attributes[0]["Value"])
        return {**values, "ConfirmationCode": code, "Code": code}

    def _walk(self) -> tuple[Walk, Values]:
        """A confirmed user at the door."""
        name, values = self._create()
        self._operator.admin_set_user_password(
            UserPoolId=self.pool["Id"], Username=name, Password=factories.PASSWORD, Permanent=True
        )
        return Walk(self._public, self.client, name), values

    def _choosing(self) -> Values:
        walk, values = self._walk()
        return {**values, **_waits(walk.begin()), "ANSWER": "PASSWORD", "PREFERRED_CHALLENGE": "PASSWORD"}

    def _with_app(self) -> Values:
        walk, values = self._walk()
        token = walk.by_password().tokens["AccessToken"]
        secret = second_factors.register(self._public, token)
        self._public.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=second_factors.ON)
        code = totp.code(secret, time.time() + 30)
        waits = _waits(walk.by_password())
        return {**values, **waits, "AccessToken": token, "SOFTWARE_TOKEN_MFA_CODE": code, "UserCode": code}

    def _with_srp(self) -> Values:
        walk, values = self._walk()
        key = walk.srp_a(self.pool)
        walk.prefer("PASSWORD_SRP", SRP_A=key)
        return {**values, **_waits(walk), **walk.srp_answers(), "SRP_A": key, "PREFERRED_CHALLENGE": "PASSWORD_SRP"}

    def _with_code(self) -> Values:
        """Where the pool lets users begin with one; elsewhere the choice waits."""
        walk, values = self._walk()
        found = {**values, **_waits(walk.prefer("EMAIL_OTP")), "PREFERRED_CHALLENGE": "EMAIL_OTP"}
        if walk.challenge == "EMAIL_OTP":
            to = self._operator.admin_get_user(UserPoolId=self.pool["Id"], Username=values["Username"])
            code = Mailbox(self._server).code(factories.attributes_of(to)["email"])
            found |= {"EMAIL_OTP_CODE": code}
        return found

    def _setting_up(self) -> Values:
        """MFA_SETUP, with a secret that waits for its code; where it is not required, on an access token."""
        walk, values = self._walk()
        walk.by_password()
        if walk.challenge is None:
            given = {"AccessToken": walk.tokens["AccessToken"]}
            answer = self._public.associate_software_token(**given)
        else:
            answer = self._public.associate_software_token(Session=walk.session)
            given = {"ChallengeName": "MFA_SETUP", "Session": answer["Session"]}
        return {**values, **given, "UserCode": totp.code(answer["SecretCode"], time.time())}

    def _page_tokens(self) -> Values:
        """Under the name of the member and the operation that gave it."""
        found = {}
        for name, operation in cognito_idp.operations.items():
            shape = operation.model.input_shape
            token = next((member for member in _PAGE_TOKENS if shape and member in shape.members), None)
            if token is None or operation.is_unsigned:
                continue
            known = {**self.common, **self.people[0]}
            body: dict[str, Any] = {member: known[member] for member in shape.required_members if member in known}
            body |= {member: 1 for member in _PAGE_SIZES if member in shape.members}
            answer = post(self._server, name, json.dumps(body).encode(), signed=True)
            if value := answer.json().get(token):
                found[f"{token}@{name}"] = value
        return found


def _waits(walk: Walk) -> Values:
    return {"ChallengeName": str(walk.challenge), "Session": walk.session}
