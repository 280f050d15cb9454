"""Certificates for development: what an authority signs, and when it is made anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from identity import certificates, clock


def names_of(path: Path) -> x509.SubjectAlternativeName:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value


def test_names_and_addresses_are_told_apart(tmp_path: Path) -> None:
    found = names_of(certificates.make(tmp_path, ["localhost", "*.auth.localhost", "127.0.0.1", "::1"]).certificate)
    assert found.get_values_for_type(x509.DNSName) == ["localhost", "*.auth.localhost"]
    assert [str(address) for address in found.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_the_authority_signs_what_serves_and_nothing_can_sign_in_its_name(tmp_path: Path) -> None:
    made = certificates.make(tmp_path, ["localhost"])
    assert made.authority is not None
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    certificate.verify_directly_issued_by(authority)
    constraints = [
        each.extensions.get_extension_for_class(x509.BasicConstraints).value for each in (authority, certificate)
    ]
    assert [(each.ca, each.path_length) for each in constraints] == [(True, 0), (False, None)]
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=398)


def test_an_authority_that_is_about_to_end_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = certificates.make(tmp_path, ["localhost"]).authority
    assert first is not None
    before = first.read_bytes()
    certificates.make(tmp_path, ["localhost"])
    assert first.read_bytes() == before
    monkeypatch.setattr(clock, "wall", lambda: datetime.now(UTC) + timedelta(days=3600))
    certificates.make(tmp_path, ["localhost"])
    assert first.read_bytes() != before


def test_a_folder_that_lost_the_authoritys_key_gets_another_authority(tmp_path: Path) -> None:
    authority = certificates.make(tmp_path, ["localhost"]).authority
    assert authority is not None
    before = authority.read_bytes()
    (tmp_path / "ca-key.pem").unlink()
    certificates.make(tmp_path, ["localhost"])
    assert authority.read_bytes() != before
