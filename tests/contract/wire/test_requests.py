"""Requests and responses of the AWS wire as they go over HTTP: targets, bodies, sizes, headers, empty answers."""

import http.client
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from identity.wire.services import cognito_idp
from tests.support import clients, factories
from tests.support.clients import TARGET_PREFIX, post, refused
from tests.support.mailbox import Mailbox
from tests.support.server import Server

CONTENT_TYPE = "application/x-amz-json-1.1"
LONGEST_BODY = 2 * 1024 * 1024
NOT_JSON = "The request body is not valid JSON."
MISSING_MEMBERS = (
    "2 validation errors detected: "
    "Value null at 'authFlow' failed to satisfy constraint: Member must not be null; "
    "Value null at 'clientId' failed to satisfy constraint: Member must not be null"
)


def _names(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


DOMAIN = factories.unique("memberless")


# API reference: operations without output shape, and those whose output shape has no members.
ANSWERED_WITH_NOTHING = _names("""
AdminAddUserToGroup AdminDeleteUser AdminForgetDevice AdminRemoveUserFromGroup DeleteGroup DeleteIdentityProvider
DeleteManagedLoginBranding DeleteResourceServer DeleteTerms DeleteUser DeleteUserPool DeleteUserPoolClient ForgetDevice
""")
ANSWERED_WITH_AN_EMPTY_OBJECT = _names("""
AddCustomAttributes AdminConfirmSignUp AdminDeleteSoftwareToken AdminDeleteUserAttributes AdminDisableProviderForUser
AdminDisableUser AdminEnableUser AdminLinkProviderForUser AdminResetUserPassword AdminRevokeUserSession
AdminSetUserMFAPreference AdminSetUserPassword AdminSetUserSettings AdminUpdateAuthEventFeedback
AdminUpdateDeviceStatus AdminUpdateUserAttributes AdminUserGlobalSignOut ChangePassword CompleteWebAuthnRegistration
ConfirmForgotPassword DeleteUserAttributes DeleteUserPoolClientSecret DeleteUserPoolDomain DeleteWebAuthnCredential
GlobalSignOut RevokeToken RevokeUserSession SetUserMFAPreference SetUserSettings TagResource UntagResource
UpdateAuthEventFeedback UpdateDeviceStatus UpdateUserPool VerifyUserAttribute
""")


def check_refusal(
    answer: requests.Response, code: str, message: str | None = None, *, status: int = 400
) -> dict[str, str]:
    """The form every refusal has; with `message`, also its text. Returns the body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == CONTENT_TYPE
    assert answer.headers["x-amzn-ErrorType"] == f"{code}:"
    assert uuid.UUID(answer.headers["x-amzn-RequestId"])
    body: dict[str, str] = answer.json()
    assert body["__type"] == code
    assert body.keys() <= {"__type", "message"}
    assert answer.headers["x-amzn-ErrorMessage"] == body.get("message", "")
    if message is not None:
        assert body["message"] == message
    return body


# Targets and methods


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "InitiateAuth",
        ".InitiateAuth",
        f"{TARGET_PREFIX}.",
        f"{TARGET_PREFIX}.Nonsense",
        f"{TARGET_PREFIX}.initiateAuth",
        f"{TARGET_PREFIX}.InitiateAuth ;",
        f"{TARGET_PREFIX}.__init__",
        f"X.{TARGET_PREFIX}.InitiateAuth",
        f"{TARGET_PREFIX.lower()}.InitiateAuth",
        "AWSSomethingElse.InitiateAuth",
    ],
)
def test_a_target_that_names_no_operation_is_an_unknown_operation(server: Server, target: str | None) -> None:
    headers = {"Content-Type": CONTENT_TYPE} | ({} if target is None else {"X-Amz-Target": target})
    answer = requests.post(f"{server.url}/", data=b"{}", headers=headers, timeout=10)
    assert check_refusal(answer, "UnknownOperationException") == {"__type": "UnknownOperationException"}


def test_an_operation_of_the_model_that_is_not_built_says_so(server: Server) -> None:
    for name in cognito_idp.missing:
        expected = f"{name} is not available in this version of Gatehouse."
        check_refusal(post(server, name), "UnknownOperationException", expected)


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain", "application/x-amz-json-1.0"])
def test_another_content_type_is_an_unknown_operation(server: Server, content_type: str) -> None:
    answer = post(server, "InitiateAuth", headers={"Content-Type": content_type})
    check_refusal(answer, "UnknownOperationException")


@pytest.mark.parametrize(
    "content_type", [f"{CONTENT_TYPE}; charset=UTF-8", f"{CONTENT_TYPE};charset=utf-8", CONTENT_TYPE.upper()]
)
def test_the_content_type_may_have_a_charset_and_capitals(server: Server, content_type: str) -> None:
    answer = post(server, "InitiateAuth", headers={"Content-Type": content_type})
    check_refusal(answer, "InvalidParameterException", MISSING_MEMBERS)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_an_unknown_operation(server: Server, method: str) -> None:
    headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"{TARGET_PREFIX}.InitiateAuth"}
    answer = requests.request(method, f"{server.url}/", data=b"{}", headers=headers, timeout=10)
    check_refusal(answer, "UnknownOperationException")


def test_the_wire_is_at_the_root_and_nowhere_else(server: Server) -> None:
    headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"{TARGET_PREFIX}.InitiateAuth"}
    assert requests.post(f"{server.url}/elsewhere", data=b"{}", headers=headers, timeout=10).status_code == 404


# Bodies


@pytest.mark.parametrize("body", [b"", b"{}", b" \n{ }\t"])
def test_an_empty_body_is_an_empty_object(server: Server, body: bytes) -> None:
    check_refusal(post(server, "InitiateAuth", body), "InvalidParameterException", MISSING_MEMBERS)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{]",
        b"nonsense",
        b" ",
        b"NaN",
        b'{"ClientId": NaN}',
        b'{"ClientId": -Infinity}',
        b'{"ClientId": 1e400}',
        b'{"ClientId": 01}',
        b"{'ClientId': 'x'}",
        b'{"ClientId": "x",}',
        b'{"ClientId": "x"} {}',
        b'{"ClientId": "\xff"}',
        b'{"ClientId": "\\ud800"}',
        b'{"ClientId": "\\udc00\\ud800"}',
        b'{"ClientId": "\n"}',
        b'\xef\xbb\xbf{"ClientId": "x"}',
        '{"ClientId": "x"}'.encode("utf-16"),
        b"Action=InitiateAuth&ClientId=x",
        b"\x00",
    ],
)
def test_what_is_not_json_is_refused(server: Server, body: bytes) -> None:
    check_refusal(post(server, "InitiateAuth", body), "SerializationException", NOT_JSON)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", "Start of list found where not expected."),
        (b'[{"ClientId": "x"}]', "Start of list found where not expected."),
        (b"null", "Unexpected NULL_VALUE where start of structure or map was expected."),
        (b"5", "Unexpected NUMBER_VALUE where start of structure or map was expected."),
        (b'"text"', "Unexpected STRING_VALUE where start of structure or map was expected."),
        (b"true", "Unexpected TRUE_VALUE where start of structure or map was expected."),
        (b"false", "Unexpected FALSE_VALUE where start of structure or map was expected."),
    ],
)
def test_a_body_that_is_not_an_object_is_refused(server: Server, body: bytes, message: str) -> None:
    check_refusal(post(server, "InitiateAuth", body), "SerializationException", message)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"ClientId":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"AuthParameters": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
    ],
)
def test_deep_nesting_is_refused_and_the_server_lives(server: Server, body: bytes) -> None:
    check_refusal(post(server, "InitiateAuth", body), "SerializationException")
    check_refusal(post(server, "InitiateAuth"), "InvalidParameterException", MISSING_MEMBERS)


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        ("InitiateAuth", '{"ClientId": 5}', "NUMBER_VALUE can not be converted to a String"),
        ("InitiateAuth", '{"ClientId": 1.5}', "NUMBER_VALUE can not be converted to a String"),
        ("InitiateAuth", f'{{"ClientId": {10**40}}}', "NUMBER_VALUE can not be converted to a String"),
        ("InitiateAuth", '{"ClientId": 1e308}', "NUMBER_VALUE can not be converted to a String"),
        ("InitiateAuth", '{"ClientId": true}', "TRUE_VALUE can not be converted to a String"),
        ("InitiateAuth", '{"ClientId": false}', "FALSE_VALUE can not be converted to a String"),
        ("InitiateAuth", '{"ClientId": []}', "Start of list found where not expected."),
        ("InitiateAuth", '{"ClientId": {}}', "Start of structure or map found where not expected."),
        ("InitiateAuth", '{"AuthParameters": {"USERNAME": 5}}', "NUMBER_VALUE can not be converted to a String"),
        (
            "InitiateAuth",
            '{"AuthParameters": "x"}',
            "Unexpected STRING_VALUE where start of structure or map was expected.",
        ),
        ("InitiateAuth", '{"AuthParameters": []}', "Start of list found where not expected."),
        ("SignUp", '{"UserAttributes": {}}', "Start of structure or map found where not expected."),
        ("SignUp", '{"UserAttributes": 5}', "Unexpected NUMBER_VALUE where start of list was expected."),
        (
            "SignUp",
            '{"UserAttributes": ["x"]}',
            "Unexpected STRING_VALUE where start of structure or map was expected.",
        ),
        (
            "SignUp",
            '{"UserAttributes": [{"Name": "a", "Value": true}]}',
            "TRUE_VALUE can not be converted to a String",
        ),
        ("ConfirmSignUp", '{"ForceAliasCreation": "true"}', "STRING_VALUE can not be converted to a Boolean"),
        ("ConfirmSignUp", '{"ForceAliasCreation": 1}', "NUMBER_VALUE can not be converted to a Boolean"),
        ("ListUserPools", '{"MaxResults": "5"}', "STRING_VALUE can not be converted to an Integer"),
        ("ListUserPools", '{"MaxResults": true}', "TRUE_VALUE can not be converted to an Integer"),
        ("ListUserPools", '{"MaxResults": 1.5}', "NUMBER_VALUE can not be converted to an Integer"),
        ("ListUserPools", '{"MaxResults": 2147483648}', "NUMBER_VALUE can not be converted to an Integer"),
        ("ListUserPools", f'{{"MaxResults": {10**40}}}', "NUMBER_VALUE can not be converted to an Integer"),
        ("ListUserPools", '{"MaxResults": 1e308}', "NUMBER_VALUE can not be converted to an Integer"),
    ],
)
def test_a_wrong_json_type_is_refused_by_its_name(server: Server, operation: str, body: str, message: str) -> None:
    answer = post(server, operation, body.encode(), signed=operation == "ListUserPools")
    check_refusal(answer, "SerializationException", message)


@pytest.mark.parametrize(
    "body",
    [
        {"ClientId": "a\x00b"},
        {"ClientId": "x", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "\x00"}},
        {"ClientId": "x", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"\x00": "x"}},
        {"ClientMetadata": {"key": "\x00"}},
    ],
)
def test_null_characters_are_refused_wherever_they_stand(server: Server, body: dict[str, Any]) -> None:
    answer = post(server, "InitiateAuth", json.dumps(body).encode())
    check_refusal(answer, "SerializationException", "NULL characters are not allowed in strings")


def test_of_a_member_named_twice_the_last_counts(server: Server) -> None:
    answer = post(server, "InitiateAuth", b'{"ClientId": "first", "AuthFlow": "USER_AUTH", "ClientId": "second"}')
    check_refusal(answer, "ResourceNotFoundException", "User pool client second does not exist.")


def test_unknown_members_are_ignored_and_null_is_the_same_as_absent(server: Server) -> None:
    body = b'{"MaxResults": 1, "NextToken": null, "Nonsense": {"deep": [1, null]}, "maxResults": "x"}'
    answer = post(server, "ListUserPools", body, signed=True)
    assert answer.status_code == 200, answer.text
    check_refusal(
        post(server, "InitiateAuth", b'{"ClientId": null, "AuthFlow": null, "AuthParameters": null}'),
        "InvalidParameterException",
        MISSING_MEMBERS,
    )


# Sizes


def test_the_longest_body_is_read_and_one_byte_more_is_refused(server: Server) -> None:
    longest = b" " * (LONGEST_BODY - 2) + b"{}"
    check_refusal(post(server, "InitiateAuth", longest), "InvalidParameterException", MISSING_MEMBERS)
    answer = post(server, "InitiateAuth", b" " + longest)
    check_refusal(answer, "RequestEntityTooLargeException", status=413)


def chunks(total: int) -> Iterator[bytes]:
    """A body of `total` bytes in pieces, `{}` at its end."""
    for _ in range((total - 2) // 65_536):
        yield b" " * 65_536
    yield b" " * ((total - 2) % 65_536) + b"{}"


def test_a_body_in_chunks_is_read_up_to_the_same_size(server: Server) -> None:
    pieces = iter([b'{"ClientId"', b': "inpieces", "AuthFlow":', b' "USER_AUTH"}'])
    check_refusal(
        post(server, "InitiateAuth", pieces),
        "ResourceNotFoundException",
        "User pool client inpieces does not exist.",
    )
    answer = post(server, "InitiateAuth", chunks(LONGEST_BODY))
    check_refusal(answer, "InvalidParameterException", MISSING_MEMBERS)
    answer = post(server, "InitiateAuth", chunks(LONGEST_BODY + 1))
    check_refusal(answer, "RequestEntityTooLargeException", status=413)


def test_an_announced_length_that_is_too_long_is_refused_before_the_body_comes(server: Server) -> None:
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Type", CONTENT_TYPE)
    connection.putheader("X-Amz-Target", f"{TARGET_PREFIX}.InitiateAuth")
    connection.putheader("Content-Length", str(10**15))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (413, "RequestEntityTooLargeException:")
    connection.close()


def test_one_connection_serves_many_requests_after_refusals_too(server: Server) -> None:
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"{TARGET_PREFIX}.InitiateAuth"}
    for body in (b"{", b"{}", b"[]", b""):
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 400
        assert answer.headers["Content-Length"] == str(len(content))
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("POST", "/", "Nonsense"),
        ("PATCH", "/", f"{TARGET_PREFIX}.InitiateAuth"),
        ("OPTIONS", "/", f"{TARGET_PREFIX}.InitiateAuth"),
        ("POST", "/nowhere", f"{TARGET_PREFIX}.InitiateAuth"),
    ],
)
def test_a_body_that_nobody_wanted_does_not_end_the_connection(
    server: Server, method: str, path: str, target: str
) -> None:
    """The server would close it without a word, and the next request on it would be lost."""
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    for _ in range(20):
        connection.request(method, path, b" " * 300_000, {"Content-Type": CONTENT_TYPE, "X-Amz-Target": target})
        answer = connection.getresponse()
        answer.read()
        assert answer.status < 500
        assert not answer.will_close
    connection.close()


def test_a_body_that_is_too_long_is_refused_and_does_not_end_the_connection(server: Server) -> None:
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": f"{TARGET_PREFIX}.InitiateAuth"}
    for _ in range(5):
        connection.request("POST", "/", b" " * (LONGEST_BODY * 2), headers)
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.will_close) == (413, False)
    connection.close()


# Responses


def test_an_answer_carries_a_request_id_of_its_own_and_no_error_headers(server: Server) -> None:
    answers = [post(server, "ListUserPools", b'{"MaxResults": 1}', signed=True) for _ in range(2)]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == CONTENT_TYPE
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        assert "Date" in answer.headers
        assert not {"x-amzn-errortype", "x-amzn-errormessage", "set-cookie"} & {name.lower() for name in answer.headers}
    first, second = (uuid.UUID(answer.headers["x-amzn-RequestId"]) for answer in answers)
    assert first != second


def test_timestamps_are_numbers_of_seconds_with_at_most_three_decimals(server: Server, pool: dict[str, Any]) -> None:
    answer = post(server, "DescribeUserPool", json.dumps({"UserPoolId": pool["Id"]}).encode(), signed=True)
    found = re.findall(rb'"(?:CreationDate|LastModifiedDate)":([^,}]+)', answer.content)
    assert len(found) == 2
    for number in found:
        assert re.fullmatch(rb"[0-9]{10}(\.[0-9]{1,3})?", number), number


def test_absent_members_are_left_out_of_answers_not_null(
    server: Server, pool: dict[str, Any], client: dict[str, Any]
) -> None:
    named = {"UserPoolId": pool["Id"], "ClientId": client["ClientId"]}
    for operation in ("DescribeUserPool", "DescribeUserPoolClient", "ListUserPoolClients"):
        answer = post(server, operation, json.dumps(named).encode(), signed=True)
        assert answer.status_code == 200, answer.text
        assert b"null" not in answer.content
        assert b"NextToken" not in answer.content


def test_text_beyond_ascii_comes_back_as_it_was_sent(server: Server, idp: Any) -> None:
    pool = factories.make_pool(idp, EmailVerificationMessage="Привет, 世界 🐎: {####}")
    answer = post(server, "DescribeUserPool", json.dumps({"UserPoolId": pool["Id"]}).encode(), signed=True)
    assert answer.json()["UserPool"]["EmailVerificationMessage"] == "Привет, 世界 🐎: {####}"


def test_error_texts_are_safe_in_a_header_and_whole_in_the_body(server: Server) -> None:
    answer = post(server, "InitiateAuth", json.dumps({"ClientId": "x", "AuthFlow": "é\r\nX-Evil: 1 世"}).encode())
    assert "Value 'é\r\nX-Evil: 1 世' at 'authFlow'" in answer.json()["message"]
    assert "Value '?  X-Evil: 1 ?' at 'authFlow'" in answer.headers["x-amzn-ErrorMessage"]
    assert "X-Evil" not in answer.headers


def test_a_long_error_text_does_not_break_clients(server: Server, public: Any) -> None:
    with refused("InvalidParameterException") as refusal:
        public.initiate_auth(ClientId="x", AuthFlow="é" * 300_000)
    assert "é" * 300_000 in refusal.message


def test_half_a_million_mistakes_are_counted_and_the_first_hundred_told(server: Server) -> None:
    body = {"ClientId": "x", "Username": "u", "UserAttributes": [{}] * 500_000}
    answer = post(server, "SignUp", json.dumps(body, separators=(",", ":")).encode())
    message = answer.json()["message"]
    assert message.startswith("500000 validation errors detected: Value null at 'userAttributes.1.member.name'")
    assert message.count("failed to satisfy constraint") == 100


def test_a_long_hostile_value_is_refused_in_little_time(server: Server) -> None:
    body = {"ClientId": "x", "Username": "u", "Password": "a " * 1_000_000 + "\n"}
    answer = post(server, "SignUp", json.dumps(body).encode())
    check_refusal(answer, "InvalidParameterException")
    assert answer.elapsed.total_seconds() < 5


# Answers without content


class Recorder:
    """Keeps the raw content of the answers that boto3 clients get, by operation."""

    def __init__(self, *watched: Any) -> None:
        self.contents: dict[str, list[bytes]] = {}
        for client in watched:
            client.meta.events.register("after-call", self._keep)

    def _keep(self, http_response: Any, model: Any, **kwargs: Any) -> None:
        assert http_response.headers["Content-Length"] == str(len(http_response.content))
        if http_response.status_code == 200:
            self.contents.setdefault(model.name, []).append(http_response.content)


def change_attributes_and_password(idp: Any, public: Any, mailbox: Mailbox, client: dict[str, Any], user: str) -> None:
    """All that a user and an administrator can do to a profile and its password."""
    named, address = {"UserPoolId": client["UserPoolId"], "Username": user}, f"{user}@example.com"
    by_client = {"ClientId": client["ClientId"], "Username": user}
    nickname = [{"Name": "nickname", "Value": "n"}]
    idp.admin_disable_user(**named)
    idp.admin_enable_user(**named)
    idp.admin_update_user_attributes(**named, UserAttributes=[*nickname, {"Name": "email", "Value": address}])
    idp.admin_delete_user_attributes(**named, UserAttributeNames=["nickname"])
    token = {"AccessToken": factories.sign_in(public, client, user)["AccessToken"]}
    public.update_user_attributes(**token, UserAttributes=nickname)
    public.delete_user_attributes(**token, UserAttributeNames=["nickname"])
    public.get_user_attribute_verification_code(**token, AttributeName="email")
    public.verify_user_attribute(**token, AttributeName="email", Code=mailbox.code(address))
    public.set_user_mfa_preference(**token)
    public.set_user_settings(**token, MFAOptions=[])
    idp.admin_set_user_mfa_preference(**named)
    idp.admin_set_user_settings(**named, MFAOptions=[])
    idp.admin_delete_software_token(**named)
    idp.admin_reset_user_password(**named)
    public.confirm_forgot_password(**by_client, ConfirmationCode=mailbox.code(address), Password=factories.PASSWORD)


def test_operations_without_output_answer_nothing_and_memberless_ones_an_empty_object(
    server: Server, mailbox: Mailbox
) -> None:
    idp, public = clients.idp(server), clients.idp(server, signed=False)
    recorder = Recorder(idp, public)
    pool = factories.make_pool(idp)
    client = factories.make_client(idp, pool)
    named = {"UserPoolId": pool["Id"]}
    user, other, third = (factories.make_user(idp, pool) for _ in range(3))
    tokens = factories.sign_in(public, client, user)
    public.change_password(
        AccessToken=tokens["AccessToken"],
        PreviousPassword=factories.PASSWORD,
        ProposedPassword=factories.PASSWORD + "2",
    )
    public.revoke_token(Token=factories.sign_in(public, client, other)["RefreshToken"], ClientId=client["ClientId"])
    public.global_sign_out(AccessToken=factories.sign_in(public, client, other)["AccessToken"])
    public.delete_user(AccessToken=tokens["AccessToken"])
    public.sign_up(ClientId=client["ClientId"], Username="newcomer", Password=factories.PASSWORD)
    idp.admin_confirm_sign_up(**named, Username="newcomer")
    idp.admin_user_global_sign_out(**named, Username=third)
    idp.create_group(**named, GroupName="group")
    idp.admin_add_user_to_group(**named, GroupName="group", Username=third)
    idp.admin_remove_user_from_group(**named, GroupName="group", Username=third)
    idp.delete_group(**named, GroupName="group")
    idp.create_resource_server(**named, Identifier="orders", Name="orders")
    idp.delete_resource_server(**named, Identifier="orders")
    change_attributes_and_password(idp, public, mailbox, client, third)
    idp.admin_delete_user(**named, Username=third)
    idp.add_custom_attributes(**named, CustomAttributes=[{"Name": "role", "AttributeDataType": "String"}])
    idp.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "a"})
    idp.untag_resource(ResourceArn=pool["Arn"], TagKeys=["team"])
    idp.update_user_pool(**named)
    confidential = {
        **named,
        "ClientId": factories.make_client(idp, pool, GenerateSecret=True)["ClientId"],
    }
    added = idp.add_user_pool_client_secret(**confidential)["ClientSecretDescriptor"]
    idp.delete_user_pool_client_secret(**confidential, ClientSecretId=added["ClientSecretId"])
    idp.delete_user_pool_client(**confidential)
    idp.create_user_pool_domain(**named, Domain=DOMAIN)
    idp.delete_user_pool_domain(**named, Domain=DOMAIN)
    idp.delete_user_pool(**named)

    for name in cognito_idp.operations.keys() & ANSWERED_WITH_NOTHING:
        assert set(recorder.contents[name]) == {b""}, name
    for name in cognito_idp.operations.keys() & ANSWERED_WITH_AN_EMPTY_OBJECT:
        assert set(recorder.contents[name]) == {b"{}"}, name
    with_data = recorder.contents.keys() - ANSWERED_WITH_NOTHING - ANSWERED_WITH_AN_EMPTY_OBJECT
    assert with_data >= {"CreateUserPool", "AdminCreateUser", "SignUp", "InitiateAuth"}
    for name in with_data:
        assert all(len(content) > 2 for content in recorder.contents[name]), name
