"""A throw-away authority with one certificate per role, for tests, demos and first deployments."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gridran.runtime.tls import ROLES, Tls, role_host, role_uri

AUTHORITY_NAME = "gridran throw-away authority"
_SLACK = dt.timedelta(minutes=5)  # for clocks that run apart


def make_certificates(folder: Path, roles: Sequence[str] = ROLES, days: int = 30) -> dict[str, Tls]:
    """Writes ``ca.pem`` and ``ROLE.pem``, ``ROLE.key`` for every role into ``folder``; returns the files by role.

    The authority's own key is not kept, so nobody can sign another certificate with it. OSError where the folder
    cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key, days)
    authority_file = folder / "ca.pem"
    authority_file.write_bytes(_pem(authority))
    files = {}
    for role in roles:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(role, key.public_key(), authority, authority_key, days)
        files[role] = Tls(folder / f"{role}.pem", folder / f"{role}.key", authority_file)
        files[role].certificate.write_bytes(_pem(certificate))
        _write_key(files[role].key, key)
    return files


def _authority(key: ec.EllipticCurvePrivateKey, days: int) -> x509.Certificate:
    name = _name(AUTHORITY_NAME)
    builder = _builder(name, name, key.public_key(), days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_key_usage(signs_certificates=True), critical=True).sign(key, hashes.SHA256())


def _certificate(
    role: str,
    key: ec.EllipticCurvePublicKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    days: int,
) -> x509.Certificate:
    names = x509.SubjectAlternativeName(
        [
            x509.UniformResourceIdentifier(role_uri(role)),
            x509.DNSName(role_host(role)),
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = _builder(_name(role), authority.subject, key, days)
    builder = builder.add_extension(names, critical=False).add_extension(usage, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.add_extension(_key_usage(signs_certificates=False), critical=True).sign(
        authority_key, hashes.SHA256()
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + dt.timedelta(days=days))
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
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


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """Readable by its owner only, from the first byte on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
