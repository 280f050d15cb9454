"""A domain's name and settings: what CreateUserPoolDomain and UpdateUserPoolDomain take, and what is stored of it.

Source: guide, "Configuring a user pool domain"; API reference, *UserPoolDomain operations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.config import config
from identity.errors import FeatureUnavailableInTier, InvalidParameter
from pools.config import unbuilt

Members = Mapping[str, Any]

CLASSIC, MANAGED_LOGIN = 1, 2
_RESERVED = ("amazon", "aws", "cognito")
_CERTIFICATES = "arn:aws:acm:us-east-1:"
NO_SUCH_DOMAIN = "No such domain or user pool exists."


def check_prefix(name: str) -> None:
    """Raises: InvalidParameter."""
    if "." in name:
        raise InvalidParameter(
            "A domain prefix cannot contain dots; a custom domain needs CustomDomainConfig.", field="domain"
        )
    for word in _RESERVED:
        if word in name:
            raise InvalidParameter(f"Domain cannot contain reserved word: {word}", field="domain")
    if not config.has_named_host:
        raise InvalidParameter("GATEHOUSE_URL holds an address, below which there are no domains.", field="domain")


def check_custom(name: str) -> None:
    """A whole name that is neither an address nor the installation's own. Nobody asks DNS whether it leads here.

    Raises: InvalidParameter.
    """
    top = name.rpartition(".")[2]
    if "." not in name or top.isdigit() or config.is_own_host(name):
        raise InvalidParameter(f"Custom domain is not a valid subdomain: {name}", field="domain")


def stored_certificate(members: Members) -> dict[str, Any]:
    """What is kept of CustomDomainConfig. The certificate is a name alone: TLS ends at `serve` or a proxy before it.

    Raises: InvalidParameter.
    """
    certificate = str(members["CertificateArn"])
    if not certificate.startswith(_CERTIFICATES) or ":certificate/" not in certificate:
        raise InvalidParameter(
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include "
            "a valid certificate chain.",
            field="custom_domain_config",
        )
    return {"CertificateArn": certificate}


def certificate(settings: Members) -> Members:
    """CustomDomainConfig, of a prefix an empty one."""
    custom: Members = settings.get("CustomDomainConfig", {})
    return custom


def check_version(version: int, tier: str) -> None:
    """Raises: InvalidParameter, FeatureUnavailableInTier."""
    if version not in (CLASSIC, MANAGED_LOGIN):
        raise InvalidParameter("ManagedLoginVersion must be 1 or 2.", field="managed_login_version")
    if needs_higher_tier(version, tier):
        raise FeatureUnavailableInTier("Managed login is not available in the LITE tier.")


def needs_higher_tier(version: int, tier: str) -> bool:
    return version == MANAGED_LOGIN and tier == "LITE"


def refuse_unbuilt(members: Members) -> None:
    """Raises: InvalidParameter."""
    unbuilt.refuse_for_domain(members)
