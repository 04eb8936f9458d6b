"""``gridran certificates``: a throw-away authority, and a folder with a certificate for each role.

A folder for each role, so that each service can be given its own alone. The authority's key is never written: to add or
renew one certificate all are made anew. Certificates of anybody else are not touched.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from gridran.runtime.certificates import AUTHORITY_NAME, make_certificates
from gridran.runtime.tls import ROLES, Tls

CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"
RENEWED_FRAC = 0.25  # of its life is what a certificate has left when it is made anew


def certificates(out: Path, days: int, now: dt.datetime) -> str:
    """Writes OUT/ROLE/certificate.pem, key.pem and authority.pem for every role, unless all are there, fit together and
    are good for a while, or some are of another authority; what came of it in words. OSError where it cannot."""
    if any(_foreign(out / role / CERTIFICATE) for role in ROLES):
        return "there are certificates of another authority; nothing is touched"
    if _good(out, now):
        return "they are there and good"
    with tempfile.TemporaryDirectory() as made:
        for role, files in make_certificates(Path(made), days=days).items():
            _place(files, out / role)
    return "made"


def _place(files: Tls, folder: Path) -> None:
    """The key first, readable by its owner only: a certificate that is there has its key."""
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in ((files.key, KEY), (files.authority, AUTHORITY), (files.certificate, CERTIFICATE)):
        (folder / name).unlink(missing_ok=True)
        (folder / name).touch(mode=0o600 if name == KEY else 0o644)
        (folder / name).write_bytes(source.read_bytes())


def _foreign(certificate: Path) -> bool:
    """Whether a file is there that no throw-away authority has signed."""
    if not certificate.is_file():
        return False
    try:
        issuer = x509.load_pem_x509_certificate(certificate.read_bytes()).issuer
    except ValueError:
        return True
    return [name.value for name in issuer.get_attributes_for_oid(NameOID.COMMON_NAME)] != [AUTHORITY_NAME]


def _good(out: Path, now: dt.datetime) -> bool:
    folders = [out / role for role in ROLES]
    if not all((folder / name).is_file() for folder in folders for name in (CERTIFICATE, KEY, AUTHORITY)):
        return False
    if len({(folder / AUTHORITY).read_bytes() for folder in folders}) > 1:
        return False
    return all(_fits(folder, now) for folder in folders)


def _fits(folder: Path, now: dt.datetime) -> bool:
    """Whether a certificate has its key, and enough of its life left."""
    try:
        found = x509.load_pem_x509_certificate((folder / CERTIFICATE).read_bytes())
        key = serialization.load_pem_private_key((folder / KEY).read_bytes(), password=None)
    except (ValueError, TypeError):
        return False
    life = found.not_valid_after_utc - found.not_valid_before_utc
    return key.public_key() == found.public_key() and found.not_valid_after_utc - now > RENEWED_FRAC * life
