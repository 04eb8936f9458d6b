"""``gridran certificates``: a folder for each role, kept while it is good."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console.certificates import certificates
from console.main import main
from gridran.runtime.tls import ROLES

NOW = dt.datetime.now(dt.UTC)
KEPT = "they are there and good"


def test_every_role_has_a_folder_of_its_own(tmp_path: Path) -> None:
    """Certificate, key and authority for each role; a key is its owner's alone, and the authority's is nowhere."""
    assert certificates(tmp_path, 30, NOW) == "made"
    assert {folder.name for folder in tmp_path.iterdir()} == set(ROLES)
    for role in ROLES:
        files = {file.name for file in (tmp_path / role).iterdir()}
        assert files == {"certificate.pem", "key.pem", "authority.pem"}
        assert stat.S_IMODE((tmp_path / role / "key.pem").stat().st_mode) == 0o600
        found = x509.load_pem_x509_certificate((tmp_path / role / "certificate.pem").read_bytes())
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert f"urn:gridran:role:{role}" in names.get_values_for_type(x509.UniformResourceIdentifier)


def test_good_ones_are_kept_and_others_made_anew(tmp_path: Path) -> None:
    """A second call changes nothing; one when a quarter of their life is left, or with a file gone or a key of another,
    makes all of them again."""
    certificates(tmp_path, 30, NOW)
    first = (tmp_path / "rapp" / "key.pem").read_bytes()
    assert certificates(tmp_path, 30, NOW) == KEPT
    assert (tmp_path / "rapp" / "key.pem").read_bytes() == first
    assert certificates(tmp_path, 30, NOW + dt.timedelta(days=23)) == "made"
    (tmp_path / "xapp" / "key.pem").unlink()
    assert certificates(tmp_path, 30, NOW) == "made"
    (tmp_path / "xapp" / "authority.pem").write_bytes(b"another")
    assert certificates(tmp_path, 30, NOW) == "made"
    (tmp_path / "xapp" / "key.pem").write_bytes((tmp_path / "rapp" / "key.pem").read_bytes())
    assert certificates(tmp_path, 30, NOW) == "made"
    assert certificates(tmp_path, 30, NOW) == KEPT


def test_the_command_says_what_it_did(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    """Made, then kept; exit code 0 both times."""
    assert main(["certificates", "--out", str(tmp_path)]) == 0
    assert main(["certificates", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{tmp_path}: made", f"{tmp_path}: they are there and good"]


def test_certificates_of_others_are_left_alone(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    """Where one is there that a throw-away authority did not sign nothing is written, and the command says so."""
    certificates(tmp_path, 30, NOW)
    (tmp_path / "observer" / "key.pem").unlink()
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW + dt.timedelta(days=9))
    own = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (tmp_path / "rapp" / "certificate.pem").write_bytes(own)
    assert main(["certificates", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "rapp" / "certificate.pem").read_bytes() == own
    assert not (tmp_path / "observer" / "key.pem").exists()
    assert capsys.readouterr().out == f"{tmp_path}: there are certificates of another authority; nothing is touched\n"
