"""What is not built yet, by name: the list shrinks with every feature, and nothing that is built goes untested."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

from botocore import xform_name

from identity.wire.services import cognito_idp, json_rpc_services, rest_json_services

SERVICES = (*json_rpc_services, *rest_json_services)
CONTRACT_TESTS = Path(__file__).parents[1] / "contract"


def names(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text))


# By resource; whoever builds an operation takes its name out of here.
NOT_BUILT_YET = {
    "branding": names(
        """
        CreateManagedLoginBranding DeleteManagedLoginBranding DescribeManagedLoginBranding
        DescribeManagedLoginBrandingByClient UpdateManagedLoginBranding
        """
    ),
    "devices": names(
        """
        AdminForgetDevice AdminGetDevice AdminListDevices AdminUpdateDeviceStatus ConfirmDevice ForgetDevice GetDevice
        ListDevices UpdateDeviceStatus
        """
    ),
    "identity_providers": names(
        """
        CreateIdentityProvider DeleteIdentityProvider DescribeIdentityProvider GetIdentityProviderByIdentifier
        ListIdentityProviders UpdateIdentityProvider
        """
    ),
    "limits": names("GetProvisionedLimit UpdateProvisionedLimit"),
    "linking": names("AdminDisableProviderForUser AdminLinkProviderForUser"),
    "log_delivery": names("GetLogDeliveryConfiguration SetLogDeliveryConfiguration"),
    "passkeys": names(
        """
        CompleteWebAuthnRegistration DeleteWebAuthnCredential ListWebAuthnCredentials StartWebAuthnRegistration
        """
    ),
    "pools": names("GetSigningCertificate"),
    "replicas": names("CreateUserPoolReplica DeleteUserPoolReplica ListUserPoolReplicas UpdateUserPoolReplica"),
    "risk": names(
        """
        AdminListUserAuthEvents AdminUpdateAuthEventFeedback DescribeRiskConfiguration SetRiskConfiguration
        UpdateAuthEventFeedback
        """
    ),
    "sessions": names(
        """
        AdminListUserSessions AdminRevokeUserSession GetUserPoolClientSessionConfiguration
        GetUserPoolSessionConfiguration ListUserSessions RevokeUserSession SetUserPoolClientSessionConfiguration
        SetUserPoolSessionConfiguration
        """
    ),
    "terms": names("CreateTerms DeleteTerms DescribeTerms DescribeTermsByClient ListTerms UpdateTerms"),
    "tokens": names("GetClientToken GetDerivedToken"),
}


def test_the_list_of_what_is_not_built_is_the_truth() -> None:
    listed = frozenset(chain.from_iterable(NOT_BUILT_YET.values()))
    assert listed - cognito_idp.missing == set(), "built (or unknown to the model): take them out of NOT_BUILT_YET"
    assert cognito_idp.missing - listed == set(), "declared by nobody: was a module of operations left out?"


def test_each_operation_that_is_not_built_is_listed_once() -> None:
    listed = list(chain.from_iterable(NOT_BUILT_YET.values()))
    assert len(listed) == len(set(listed))
    assert all(NOT_BUILT_YET.values()), "an empty resource can go"


def test_every_operation_that_is_built_is_called_by_a_contract_test() -> None:
    tests = "\n".join(file.read_text() for file in CONTRACT_TESTS.rglob("test_*.py"))
    called = set(re.findall(r"\.([a-z_]+)\(", tests))
    for service in SERVICES:
        uncalled = {name for name in service.operations if xform_name(name) not in called}
        assert uncalled == set()


def test_what_an_operation_ignores_is_a_member_that_it_has() -> None:
    for service in SERVICES:
        for name, operation in service.operations.items():
            shape = operation.model.input_shape
            assert operation.ignores <= (set(shape.members) if shape else set()), name


def test_no_required_member_is_ignored() -> None:
    for service in SERVICES:
        for name, operation in service.operations.items():
            shape = operation.model.input_shape
            assert not operation.ignores & set(shape.required_members if shape else ()), name
