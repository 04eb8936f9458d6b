"""``gridran certificates``: a throw-away authority, and a folder with a certificate for each role.

A folder for each role, so that each service can be given its own alone. The authority's key is never written: to add or
renew one certificate all are made anew.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from pathlib import Path

from cryptography import x509

from gridran.runtime.certificates import make_certificates
from gridran.runtime.tls import ROLES, Tls

CERTIFICATE, KEY, AUTHORITY = "certificate.pem", "key.pem", "authority.pem"
STILL_GOOD = dt.timedelta(days=1)


def certificates(out: Path, days: int, now: dt.datetime) -> bool:
    """Writes OUT/ROLE/certificate.pem, key.pem and authority.pem for every role, unless all are there, of one authority
    and good for another day; whether it wrote. OSError where it cannot."""
    if _good(out, now):
        return False
    with tempfile.TemporaryDirectory() as made:
        for role, files in make_certificates(Path(made), days=days).items():
            _place(files, out / role)
    return True


def _place(files: Tls, folder: Path) -> None:
    """The key first, readable by its owner only: a certificate that is there has its key."""
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in ((files.key, KEY), (files.authority, AUTHORITY), (files.certificate, CERTIFICATE)):
        (folder / name).unlink(missing_ok=True)
        shutil.copy(source, folder / name)


def _good(out: Path, now: dt.datetime) -> bool:
    folders = [out / role for role in ROLES]
    if not all((folder / name).is_file() for folder in folders for name in (CERTIFICATE, KEY, AUTHORITY)):
        return False
    if len({(folder / AUTHORITY).read_bytes() for folder in folders}) > 1:
        return False
    try:
        ends = [x509.load_pem_x509_certificate((f / CERTIFICATE).read_bytes()).not_valid_after_utc for f in folders]
    except ValueError:
        return False
    return min(ends) > now + STILL_GOOD
