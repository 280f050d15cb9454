"""Certificates for development: an authority of this installation's own, kept in its folder, and what it signs.

Whoever trusts the authority trusts each later certificate too. Its key never leaves the folder.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from identity import clock

AUTHORITY, CERTIFICATE, KEY = "ca.pem", "certificate.pem", "key.pem"
_AUTHORITY_KEY = "ca-key.pem"
_AUTHORITY_LIFE, _LIFE = timedelta(days=3650), timedelta(days=397)
"""397 days: the longest that every browser takes. The certificate is made anew at each start."""
_EARLIER = timedelta(days=1)
"""Clocks differ."""


@dataclass(frozen=True, slots=True)
class Files:
    """PEM files; the authority's is there where it is our own."""

    certificate: Path
    key: Path
    authority: Path | None = None


def make(folder: Path, names: Iterable[str]) -> Files:
    """A certificate for these hosts and addresses, signed by the folder's authority, which is made when it is missing
    or will end before the certificate."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, authority_key = _authority(folder)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _signed(
        _named("Gatehouse development", key, _LIFE)
        .issuer_name(authority.subject)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False),
        authority_key,
    )
    (folder / CERTIFICATE).write_bytes(_pem(certificate))
    _write_key(folder / KEY, key)
    return Files(folder / CERTIFICATE, folder / KEY, folder / AUTHORITY)


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if (folder / AUTHORITY).exists() and (folder / _AUTHORITY_KEY).exists():
        certificate = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
        kept = serialization.load_pem_private_key((folder / _AUTHORITY_KEY).read_bytes(), None)
        if isinstance(kept, ec.EllipticCurvePrivateKey) and certificate.not_valid_after_utc > clock.wall() + _LIFE:
            return certificate, kept
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _named("Gatehouse development authority", key, _AUTHORITY_LIFE)
    certificate = _signed(
        builder.issuer_name(_name("Gatehouse development authority"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True),
        key,
    )
    _write_key(folder / _AUTHORITY_KEY, key)
    (folder / AUTHORITY).write_bytes(_pem(certificate))
    return certificate, key


def _named(name: str, key: ec.EllipticCurvePrivateKey, life: timedelta) -> x509.CertificateBuilder:
    now = clock.wall()
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now - _EARLIER + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """For the owner alone, from its first byte on; in PKCS #8, the form that granian reads."""
    path.unlink(missing_ok=True)
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
