"""What really exists, so that hostile requests come past the front door: pools of three kinds, each with its people.

Requests spoil what they name. `mend()` makes anew what the last one may have taken away.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import requests
from botocore.exceptions import ClientError

from identity.wire.services import cognito_idp
from tests.support import clients, factories
from tests.support.clients import post
from tests.support.mailbox import Mailbox
from tests.support.server import Server

_numbers = itertools.count(1)

_PLAIN: dict[str, Any] = {
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
    "Policies": {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 3}},
}
UPLOAD = {"x-amz-server-side-encryption": "aws:kms"}
TEMPORARY_PASSWORD = "Temporary-Horse-1"
KINDS = (_PLAIN, _BY_EMAIL, _WITH_ALIASES)

_PAGE_SIZES = ("Limit", "MaxResults")
_PAGE_TOKENS = ("NextToken", "PaginationToken")

Values = dict[str, str]


class Cast:
    """One pool with a client and its people: signed in, invited with a Session, signed up with a code, invited with a
    Session of the administrators' kind."""

    def __init__(self, server: Server, kind: dict[str, Any]) -> None:
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
        self.pool = factories.make_pool(self._operator, **self._kind)
        members: dict[str, Any] = {}
        if "AliasAttributes" in self._kind:
            members["GenerateSecret"] = True
        if "UsernameAttributes" in self._kind:
            members["RefreshTokenRotation"] = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
            members["ExplicitAuthFlows"] = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
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
        return [self._signed_in(), self._invited(), self._signed_up(), self._invited(by_administrator=True)]

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
        by_email = "UsernameAttributes" in self._kind
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
