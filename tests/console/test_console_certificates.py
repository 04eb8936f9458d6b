"""``gridran certificates``: a folder for each role, kept while it is good."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

from cryptography import x509

from console.certificates import certificates
from console.main import main
from gridran.runtime.tls import ROLES

NOW = dt.datetime.now(dt.UTC)


def test_every_role_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Certificate, key and authority for each role; a key is its owner's alone, and the authority's is nowhere."""
    assert certificates(tmp_path, 30, NOW)
    assert {folder.name for folder in tmp_path.iterdir()} == set(ROLES)
    for role in ROLES:
        files = {file.name for file in (tmp_path / role).iterdir()}
        assert files == {"certificate.pem", "key.pem", "authority.pem"}
        assert stat.S_IMODE((tmp_path / role / "key.pem").stat().st_mode) == 0o600
        found = x509.load_pem_x509_certificate((tmp_path / role / "certificate.pem").read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert f"urn:gridran:role:{role}" in names.get_values_for_type(x509.UniformResourceIdentifier)


def test_good_ones_are_kept_and_others_made_anew(tmp_path: Path) -> None:
    """A second call changes nothing; one a day before they end, or with a file gone or of another authority, makes all
    of them again."""
    certificates(tmp_path, 30, NOW)
    first = (tmp_path / "rapp" / "key.pem").read_bytes()
    assert not certificates(tmp_path, 30, NOW)
    assert (tmp_path / "rapp" / "key.pem").read_bytes() == first
    assert certificates(tmp_path, 30, NOW + dt.timedelta(days=29, hours=1))
    (tmp_path / "xapp" / "key.pem").unlink()
    assert certificates(tmp_path, 30, NOW)
    (tmp_path / "xapp" / "authority.pem").write_bytes(b"another")
    assert certificates(tmp_path, 30, NOW)
    assert not certificates(tmp_path, 30, NOW)


def test_the_command_says_what_it_did(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    """Made, then kept; exit code 0 both times."""
    assert main(["certificates", "--out", str(tmp_path)]) == 0
    assert main(["certificates", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path}: made", f"{tmp_path}: they are there and good"]
