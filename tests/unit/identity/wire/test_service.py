"""Declaring operations: what disagrees with the service model is refused at import, in words that name both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from identity.access.actor import Actor, Kind
from identity.errors import InvalidParameter
from identity.wire.call import Answer, Call
from identity.wire.service import DeclarationError, Operation, Service

CALL = Call("Any", "id", "us-east-1", Actor(Kind.OPERATOR, "Any", datetime(2026, 1, 1, tzinfo=UTC), "id", "127.0.0.1"))


@pytest.fixture
def service() -> Service:
    return Service("cognito-idp")


def declared(service: Service, name: str, handler: Callable[..., Any], **options: Any) -> Operation:
    service.operation(name, **options)(handler)
    return service.operations[name]


def unknown_parameter(call: Call, *, user_pool_id: str, username: str, nonsense: str = "") -> None: ...
def untaken_member(call: Call, *, user_pool_id: str) -> None: ...
def required_with_default(call: Call, *, user_pool_id: str, username: str = "") -> None: ...
def positional(call: Call, user_pool_id: str, *, username: str) -> None: ...
def right(call: Call, *, user_pool_id: str, username: str) -> None: ...
def optional_without_default(call: Call, *, max_results: int, next_token: str) -> None: ...
def wide_with_unknown(call: Call, *, pool_nickname: str = "", **members: Any) -> None: ...
def wide_with_wrong_default(call: Call, *, pool_name: str = "", **members: Any) -> None: ...
def wide(call: Call, *, pool_name: str, **members: Any) -> None: ...


@pytest.mark.parametrize(
    ("name", "handler", "ignores", "text"),
    [
        ("AdminDeleteUser", unknown_parameter, [], "unknown_parameter for AdminDeleteUser: no member nonsense"),
        ("AdminDeleteUser", untaken_member, [], "untaken_member for AdminDeleteUser: nobody takes Username"),
        (
            "AdminDeleteUser",
            required_with_default,
            [],
            "required_with_default for AdminDeleteUser: username needs no default",
        ),
        (
            "ListUserPools",
            optional_without_default,
            [],
            "optional_without_default for ListUserPools: next_token needs a default",
        ),
        ("AdminDeleteUser", positional, [], "positional for AdminDeleteUser: user_pool_id must be keyword-only"),
        ("AdminDeleteUser", right, ["Nonsense"], "right for AdminDeleteUser: ignores unknown Nonsense"),
        ("AdminDeleteUser", right, ["Username"], "right for AdminDeleteUser: username is both taken and ignored"),
        ("CreateUserPool", wide_with_unknown, [], "wide_with_unknown for CreateUserPool: no member pool_nickname"),
        (
            "CreateUserPool",
            wide_with_wrong_default,
            [],
            "wide_with_wrong_default for CreateUserPool: pool_name needs no default",
        ),
        ("CreateUserPool", wide, ["Nonsense"], "wide for CreateUserPool: ignores unknown Nonsense"),
        ("MakeUserPool", right, [], "cognito-idp has no operation MakeUserPool"),
    ],
)
def test_a_declaration_that_disagrees_with_the_model_is_refused(
    service: Service, name: str, handler: Callable[..., Any], ignores: list[str], text: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        service.operation(name, ignores=ignores)(handler)
    assert str(caught.value) == text
    assert name not in service.operations


def test_an_operation_is_declared_once(service: Service) -> None:
    declared(service, "AdminDeleteUser", right)
    with pytest.raises(DeclarationError, match="AdminDeleteUser is declared twice"):
        declared(service, "AdminDeleteUser", right)


def test_what_is_not_declared_is_missing(service: Service) -> None:
    assert "AdminDeleteUser" in service.missing
    assert len(service.missing) == 141
    declared(service, "AdminDeleteUser", right)
    assert "AdminDeleteUser" not in service.missing
    assert len(service.missing) == 140


def test_the_decorator_returns_the_function_itself(service: Service) -> None:
    assert service.operation("AdminDeleteUser")(right) is right


def test_the_model_says_what_an_operation_needs(service: Service) -> None:
    operation = declared(service, "AdminDeleteUser", right)
    assert operation.action == "cognito-idp:AdminDeleteUser"
    assert operation.is_unsigned is False
    assert operation.resource_member == "UserPoolId"
    assert operation.errors >= {"ResourceNotFoundException", "UserNotFoundException", "InvalidParameterException"}
    assert "UsernameExistsException" not in operation.errors


def test_the_resource_is_what_the_model_has_and_nothing_else(service: Service) -> None:
    def tag(call: Call, *, resource_arn: str, tags: dict[str, str]) -> None: ...
    def list_pools(call: Call, *, max_results: int, next_token: str | None = None) -> None: ...

    assert declared(service, "TagResource", tag).resource_member == "ResourceArn"
    assert declared(service, "ListUserPools", list_pools).resource_member is None


def test_public_operations_need_no_signature(service: Service) -> None:
    def get_user(call: Call, *, access_token: str) -> None: ...

    assert declared(service, "GetUser", get_user).is_unsigned is True


def test_the_model_marks_the_thirty_four_public_operations(service: Service) -> None:
    unsigned = {
        name for name in service.model.operation_names if service.model.operation_model(name).auth_type == "none"
    }
    assert len(unsigned) == 34


def test_members_become_keywords_in_snake_case(service: Service) -> None:
    operation = declared(service, "AdminDeleteUser", right)
    body = {"UserPoolId": "us-east-1_AbCdEf123", "Username": "u", "Nonsense": 1}
    assert operation.parse(body) == {"user_pool_id": "us-east-1_AbCdEf123", "username": "u"}


def test_members_that_a_wide_handler_does_not_name_keep_their_aws_names(service: Service) -> None:
    operation = declared(service, "CreateUserPool", wide)
    body = {"PoolName": "p", "MfaConfiguration": "OFF", "UserPoolTags": None}
    assert operation.parse(body) == {"pool_name": "p", "MfaConfiguration": "OFF"}


def test_ignored_members_are_checked_and_then_left_out(service: Service) -> None:
    def confirm(call: Call, *, user_pool_id: str, username: str) -> None: ...

    operation = declared(service, "AdminConfirmSignUp", confirm, ignores=["ClientMetadata"])
    body = {"UserPoolId": "us-east-1_AbCdEf123", "Username": "u", "ClientMetadata": {"a": "b"}}
    assert operation.parse(body) == {"user_pool_id": "us-east-1_AbCdEf123", "username": "u"}
    with pytest.raises(InvalidParameter, match="at 'clientMetadata'"):
        operation.parse({**body, "ClientMetadata": {"a": "b" * 131073}})


def test_an_operation_without_output_answers_none_and_a_memberless_one_an_empty_object(service: Service) -> None:
    def confirm(call: Call, *, user_pool_id: str, username: str, client_metadata: object = None) -> None: ...

    members = {"user_pool_id": "us-east-1_AbCdEf123", "username": "u"}
    assert declared(service, "AdminDeleteUser", right).perform(CALL, members) is None
    assert declared(service, "AdminConfirmSignUp", confirm).perform(CALL, members) == {}


def test_an_operation_without_output_cannot_answer_something(service: Service) -> None:
    def chatty(call: Call, *, user_pool_id: str, username: str) -> Answer:
        return {"Deleted": True}

    operation = declared(service, "AdminDeleteUser", chatty)
    with pytest.raises(TypeError):
        operation.perform(CALL, {"user_pool_id": "us-east-1_AbCdEf123", "username": "u"})


def test_the_handler_is_told_about_the_call(service: Service) -> None:
    seen: list[Call] = []

    def remember(call: Call, *, user_pool_id: str, username: str) -> None:
        seen.append(call)

    declared(service, "AdminDeleteUser", remember).perform(CALL, {"user_pool_id": "p", "username": "u"})
    assert seen == [CALL]
