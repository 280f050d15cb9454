"""CreateUserPoolDomain, DescribeUserPoolDomain, UpdateUserPoolDomain and DeleteUserPoolDomain."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from tests.support import clients, factories
from tests.support.clients import refused
from tests.support.factories import unique
from tests.support.server import Server

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/1a2b3c4d-0000-4000-8000-000000000000"
OTHER_CERTIFICATE = f"{CERTIFICATE[:-1]}1"
CUSTOM = {"CustomDomainConfig": {"CertificateArn": CERTIFICATE}}
TAKEN = "Domain already associated with another user pool."
NO_SUCH = "No such domain or user pool exists."
PATTERN = r"Member must satisfy regular expression pattern: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$"


def custom_name() -> str:
    return f"{unique('login')}.example.com"


def described(idp: Any, name: str) -> dict[str, Any]:
    description: dict[str, Any] = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    return description


def test_a_prefix_is_described_as_tools_expect_it(idp: Any, pool: dict[str, Any]) -> None:
    name = unique("acme")
    made = idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    assert made["ManagedLoginVersion"] == 1
    assert "CloudFrontDomain" not in made
    found = described(idp, name)
    assert re.fullmatch(r"\d{14}", found.pop("Version"))
    assert found == {
        "UserPoolId": pool["Id"],
        "AWSAccountId": "000000000000",
        "Domain": name,
        "S3Bucket": "gatehouse",
        "CloudFrontDistribution": "localhost",
        "Status": "ACTIVE",
        "CustomDomainConfig": {},
        "ManagedLoginVersion": 1,
    }


def test_a_custom_domain_keeps_its_certificate_and_says_where_dns_shall_lead(idp: Any, pool: dict[str, Any]) -> None:
    name = custom_name()
    made = idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], ManagedLoginVersion=2, **CUSTOM)
    assert (made["ManagedLoginVersion"], made["CloudFrontDomain"]) == (2, "localhost")
    found = described(idp, name)
    assert found["CustomDomainConfig"] == {"CertificateArn": CERTIFICATE}
    assert found["ManagedLoginVersion"] == 2


def test_a_pool_has_at_most_one_domain_of_each_kind_and_names_both(idp: Any, pool: dict[str, Any]) -> None:
    prefix, custom = unique("acme"), custom_name()
    idp.create_user_pool_domain(Domain=prefix, UserPoolId=pool["Id"])
    idp.create_user_pool_domain(Domain=custom, UserPoolId=pool["Id"], **CUSTOM)
    found = idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    assert (found["Domain"], found["CustomDomain"]) == (prefix, custom)
    with refused("InvalidParameterException", "User pool already has a domain configured."):
        idp.create_user_pool_domain(Domain=unique("more"), UserPoolId=pool["Id"])
    with refused("InvalidParameterException", "User pool already has a domain configured."):
        idp.create_user_pool_domain(Domain=custom_name(), UserPoolId=pool["Id"], **CUSTOM)


def test_a_pool_without_a_domain_names_none(idp: Any, pool: dict[str, Any]) -> None:
    assert not {"Domain", "CustomDomain"} & pool.keys()
    assert not {"Domain", "CustomDomain"} & idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"].keys()


@pytest.mark.parametrize("members", [{}, CUSTOM], ids=["prefix", "custom"])
def test_a_domain_belongs_to_one_pool_of_the_installation(
    server: Server, idp: Any, pool: dict[str, Any], members: dict[str, Any]
) -> None:
    name = custom_name() if members else unique("acme")
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **members)
    elsewhere = clients.idp(server, region="eu-west-1")
    for other in (idp, elsewhere):
        with refused("InvalidParameterException", TAKEN):
            other.create_user_pool_domain(Domain=name, UserPoolId=factories.make_pool(other)["Id"], **members)
    assert described(elsewhere, name) == {}
    assert described(idp, name)["UserPoolId"] == pool["Id"]


def test_of_pools_that_want_the_same_domain_at_once_one_gets_it(idp: Any) -> None:
    name, pools = unique("race"), [factories.make_pool(idp)["Id"] for _ in range(6)]

    def create(pool_id: str) -> str:
        try:
            idp.create_user_pool_domain(Domain=name, UserPoolId=pool_id)
        except ClientError as error:
            return str(error.response["Error"]["Message"])
        return pool_id

    with ThreadPoolExecutor(len(pools)) as threads:
        outcomes = list(threads.map(create, pools))
    winners = [outcome for outcome in outcomes if outcome in pools]
    assert len(winners) == 1
    assert outcomes.count(TAKEN) == len(pools) - 1
    assert described(idp, name)["UserPoolId"] == winners[0]


def test_an_unknown_domain_is_described_by_nothing(idp: Any) -> None:
    assert described(idp, unique("nobody")) == {}


@pytest.mark.parametrize("name", ["Acme", "-acme", "acme-", "a_b", "acme..login", ".acme", "äcme", "acme ", "acme\n"])
def test_a_domain_is_labels_of_lower_case_letters_digits_and_hyphens(idp: Any, pool: dict[str, Any], name: str) -> None:
    text = f"1 validation error detected: Value '{name}' at 'domain' failed to satisfy constraint: {PATTERN}"
    with refused("InvalidParameterException", text):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])


@pytest.mark.parametrize(
    ("name", "word"), [("my-cognito", "cognito"), ("amazonia", "amazon"), ("laws", "aws"), ("cognito", "cognito")]
)
def test_a_prefix_holds_no_name_of_amazons(idp: Any, pool: dict[str, Any], name: str, word: str) -> None:
    with refused("InvalidParameterException", f"Domain cannot contain reserved word: {word}"):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    assert described(idp, name) == {}


def test_a_custom_domain_may_hold_them(idp: Any, pool: dict[str, Any]) -> None:
    name = f"{unique('laws')}.example.com"
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **CUSTOM)
    assert described(idp, name)["Domain"] == name


def test_a_prefix_has_no_dots(idp: Any, pool: dict[str, Any]) -> None:
    with refused(
        "InvalidParameterException",
        "A domain prefix cannot contain dots; a custom domain needs CustomDomainConfig.",
    ):
        idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=pool["Id"])


@pytest.mark.parametrize("name", ["com", "localhost", "acme.auth.localhost", "a.b.auth.localhost", "127.0.0.1", "1.2"])
def test_a_custom_domain_is_a_whole_name_and_not_our_own(idp: Any, pool: dict[str, Any], name: str) -> None:
    with refused("InvalidParameterException", f"Custom domain is not a valid subdomain: {name}"):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **CUSTOM)
    assert described(idp, name) == {}


@pytest.mark.parametrize(
    "certificate",
    [
        CERTIFICATE.replace("us-east-1", "eu-west-1"),
        CERTIFICATE.replace(":acm:", ":iam:"),
        "arn:aws:acm:us-east-1:000000000000:other/thing",
    ],
)
def test_a_certificate_is_one_of_certificate_manager_in_its_first_region(
    idp: Any, pool: dict[str, Any], certificate: str
) -> None:
    with refused(
        "InvalidParameterException",
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a "
        "valid certificate chain.",
    ):
        idp.create_user_pool_domain(
            Domain=custom_name(), UserPoolId=pool["Id"], CustomDomainConfig={"CertificateArn": certificate}
        )


@pytest.mark.parametrize(
    ("members", "path"),
    [
        (
            {"CustomDomainConfig": {"CertificateArn": CERTIFICATE, "SecurityPolicy": "TLS_V1_3_2025"}},
            "CustomDomainConfig.SecurityPolicy",
        ),
        (
            {
                **CUSTOM,
                "Routing": {"Failover": {"SecondaryRegion": "us-west-2", "PrimaryRoute53HealthCheckId": "a" * 20}},
            },
            "Routing.Failover",
        ),
    ],
)
def test_what_has_no_effect_here_is_refused_aloud(
    idp: Any, pool: dict[str, Any], members: dict[str, Any], path: str
) -> None:
    name, text = custom_name(), f"{path}: this value is not available in this version of Gatehouse."
    with refused("InvalidParameterException", text):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **members)
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **CUSTOM)
    with refused("InvalidParameterException", text):
        idp.update_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **members)


def test_an_update_changes_the_version_of_the_pages_and_keeps_the_rest(idp: Any, pool: dict[str, Any]) -> None:
    name = custom_name()
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **CUSTOM)
    updated = idp.update_user_pool_domain(Domain=name, UserPoolId=pool["Id"], ManagedLoginVersion=2)
    assert (updated["ManagedLoginVersion"], updated["CloudFrontDomain"]) == (2, "localhost")
    idp.update_user_pool_domain(
        Domain=name, UserPoolId=pool["Id"], CustomDomainConfig={"CertificateArn": OTHER_CERTIFICATE}
    )
    found = described(idp, name)
    assert found["CustomDomainConfig"] == {"CertificateArn": OTHER_CERTIFICATE}
    assert found["ManagedLoginVersion"] == 2


def test_a_prefix_takes_no_certificate(idp: Any, pool: dict[str, Any]) -> None:
    name = unique("acme")
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    with refused("InvalidParameterException", "A prefix domain has no certificate."):
        idp.update_user_pool_domain(Domain=name, UserPoolId=pool["Id"], **CUSTOM)


@pytest.mark.parametrize("version", [0, 3, -1])
def test_there_are_two_versions_of_the_pages(idp: Any, pool: dict[str, Any], version: int) -> None:
    name = unique("acme")
    with refused("InvalidParameterException", "ManagedLoginVersion must be 1 or 2."):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"], ManagedLoginVersion=version)
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    with refused("InvalidParameterException", "ManagedLoginVersion must be 1 or 2."):
        idp.update_user_pool_domain(Domain=name, UserPoolId=pool["Id"], ManagedLoginVersion=version)


def test_the_lite_tier_has_no_managed_login(idp: Any) -> None:
    lite, name = factories.make_pool(idp, UserPoolTier="LITE"), unique("acme")
    text = "Managed login is not available in the LITE tier."
    with refused("FeatureUnavailableInTierException", text):
        idp.create_user_pool_domain(Domain=name, UserPoolId=lite["Id"], ManagedLoginVersion=2)
    idp.create_user_pool_domain(Domain=name, UserPoolId=lite["Id"])
    with refused("FeatureUnavailableInTierException", text):
        idp.update_user_pool_domain(Domain=name, UserPoolId=lite["Id"], ManagedLoginVersion=2)


def test_a_pool_with_managed_login_does_not_become_lite(idp: Any, pool: dict[str, Any]) -> None:
    idp.create_user_pool_domain(Domain=unique("acme"), UserPoolId=pool["Id"], ManagedLoginVersion=2)
    with refused(
        "TierChangeNotAllowedException",
        "A domain uses managed login, which is not available in the requested tier.",
    ):
        idp.update_user_pool(UserPoolId=pool["Id"], UserPoolTier="LITE")


@pytest.mark.parametrize("operation", ["update_user_pool_domain", "delete_user_pool_domain"])
def test_the_domain_of_another_pool_is_out_of_reach(idp: Any, pool: dict[str, Any], operation: str) -> None:
    name, other = unique("acme"), factories.make_pool(idp)
    idp.create_user_pool_domain(Domain=name, UserPoolId=other["Id"])
    change: Callable[..., Any] = getattr(idp, operation)
    for wanted in (name, unique("nobody")):
        with refused("InvalidParameterException", NO_SUCH):
            change(Domain=wanted, UserPoolId=pool["Id"])
    assert described(idp, name)["UserPoolId"] == other["Id"]


def test_a_deleted_domain_is_free_and_serves_nothing(server: Server, idp: Any, pool: dict[str, Any]) -> None:
    name = unique("acme")
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    keys, host = f"{server.url}/.well-known/jwks.json", {"Host": f"{name}.auth.localhost:{server.port}"}
    assert requests.get(keys, headers=host, timeout=10).status_code == 200
    idp.delete_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    assert described(idp, name) == {}
    assert requests.get(keys, headers=host, timeout=10).status_code == 404
    assert "Domain" not in idp.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]
    other = factories.make_pool(idp)
    idp.create_user_pool_domain(Domain=name, UserPoolId=other["Id"])
    assert described(idp, name)["UserPoolId"] == other["Id"]


def test_a_pool_goes_after_its_domain(idp: Any, pool: dict[str, Any]) -> None:
    name = unique("acme")
    idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    with refused(
        "InvalidParameterException",
        "User pool cannot be deleted. It has a domain configured that should be deleted first.",
    ):
        idp.delete_user_pool(UserPoolId=pool["Id"])
    idp.delete_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
    idp.delete_user_pool(UserPoolId=pool["Id"])
    with refused("ResourceNotFoundException"):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool["Id"])
