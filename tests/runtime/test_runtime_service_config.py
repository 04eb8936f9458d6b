"""The configuration files of the services."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridran.runtime.service_config import ConfigError, EmulatorConfig, RappConfig, WebConfig, XappConfig, read_config
from gridran.runtime.tls import Plaintext, Tls

XAPP = """
[run]
strategy = "msrc"
load = "heavy"
[listen]
a1 = "127.0.0.1:50052"
http = "127.0.0.1:9102"
[connect]
e2 = "127.0.0.1:50051"
[state]
db = "state/xapp.sqlite"
[security]
plaintext = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "service.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_xapp_file_is_read(tmp_path: Path) -> None:
    """Values, defaults, and paths relative to the file."""
    config = read_config(written(tmp_path, XAPP), XappConfig)
    assert (config.run.load, config.run.seed, config.listen.a1) == ("heavy", 1, "127.0.0.1:50052")
    assert config.state.db == tmp_path / "state/xapp.sqlite"
    assert config.state.journal is None
    assert config.deadlines.control_s == 30.0
    assert config.transport == Plaintext()


def test_smallest_emulator_and_rapp_files(tmp_path: Path) -> None:
    """Addresses and a transport are all that must be there; a load may be a number."""
    emulator = '[run]\nload = 1.3\n[listen]\ne2 = "localhost:1"\no1 = "localhost:2"\n[security]\nplaintext = true\n'
    read = read_config(written(tmp_path, emulator), EmulatorConfig)
    assert (read.run.load, read.run.out, read.listen.http) == ("1.3", None, "")
    assert read.grpc_addresses() == {"listen.e2": "localhost:1", "listen.o1": "localhost:2"}
    rapp = '[connect]\no1 = "[::1]:1"\na1 = "[::1]:2"\n[state]\ndb = "/r.sqlite"\n[security]\nplaintext = true\n'
    assert read_config(written(tmp_path, rapp), RappConfig).state.db == Path("/r.sqlite")


def test_tls_files_are_found_beside_the_file(tmp_path: Path) -> None:
    """With [tls] any address may be used, and the files are relative to the configuration."""
    for name in ("x.pem", "x.key", "ca.pem"):
        (tmp_path / name).touch()
    tls = '[tls]\ncertificate = "x.pem"\nkey = "x.key"\nauthority = "ca.pem"\n'
    text = XAPP.replace("[security]\nplaintext = true\n", tls).replace("127.0.0.1:50051", "emulator:50051")
    config = read_config(written(tmp_path, text), XappConfig)
    assert config.transport == Tls(tmp_path / "x.pem", tmp_path / "x.key", tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("[run]", "[run]\nspeeed = 3", "run.speeed: is not a known key"),
        ("[run]", "[run]\nhours = 0", "run.hours: Input should be greater than 0"),
        ("[run]", "[run]\nspeed = nan", "run.speed: Input should be"),
        ("[run]", "[run]\nseed = -1", "run.seed: Input should be greater than or equal to 0"),
        ("[run]", "[deadlines]\nplan_s = inf\n[run]", "deadlines.plan_s: Input should be a finite number"),
        ("[run]", '[log]\nlevel = "loud"\n[run]', "log.level: Input should be"),
        ("[run]", "[limits]\nmax_message_mib = 0\n[run]", "limits.max_message_mib: Input should be"),
        ('a1 = "127.0.0.1:50052"', 'a1 = "50052"', "listen.a1: '50052' is not an address, HOST:PORT"),
        ('e2 = "127.0.0.1:50051"', "", "connect.e2: is missing"),
        ("plaintext = true", "plaintext = false", "security: give [tls], or plaintext = true"),
        ('e2 = "127.0.0.1:50051"', 'e2 = "emulator:50051"', "connect.e2: emulator:50051: plaintext is for loopback"),
        (
            "[security]",
            '[tls]\ncertificate = "a"\nkey = "b"\nauthority = "c"\n[security]',
            "security.plaintext: is true while there is [tls]",
        ),
        (
            "[security]\nplaintext = true",
            '[tls]\ncertificate = "a"\nkey = "b"\nauthority = "c"',
            "tls.certificate: no such file",
        ),
        ("[state]", "[state", "at line"),
    ],
)
def test_bad_key_is_one_line_that_names_it(tmp_path: Path, old: str, new: str, fault: str) -> None:
    """Every fault is one line: the file, the key, what is wrong."""
    path = written(tmp_path, XAPP.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        read_config(path, XappConfig)
    assert str(caught.value).startswith(f"{path}: ")
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is not there is named in one line."""
    with pytest.raises(ConfigError, match=r"absent\.toml: No such file"):
        read_config(tmp_path / "absent.toml", RappConfig)


def test_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are one line, too."""
    path = tmp_path / "service.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"service\.toml: "):
        read_config(path, RappConfig)


def test_the_environment_says_more_than_the_file(tmp_path: Path) -> None:
    """GRIDRAN_TABLE_KEY sets a key, of a table that the file has or not; variables of no table are left alone."""
    said = {"GRIDRAN_RUN_SPEED": "60", "GRIDRAN_RUN_STRATEGY": "msrc", "GRIDRAN_PARENT": "1", "HOME": "/"}
    config = read_config(written(tmp_path, XAPP), XappConfig, said)
    assert (config.run.speed, config.run.strategy) == (60.0, "msrc")


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("GRIDRAN_RUN_SPEED", "fast", "the environment's GRIDRAN_RUN_SPEED: "),
        ("GRIDRAN_RUN_SPED", "60", "the environment's GRIDRAN_RUN_SPED: is not a known key"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, text: str, message: str) -> None:
    """The error names the variable, not the file."""
    with pytest.raises(ConfigError, match=message):
        read_config(written(tmp_path, XAPP), XappConfig, {variable: text})


WEB = '[listen]\nhttp = "127.0.0.1:8080"\nnames = ["of.file"]\n[runs]\ndir = "."\n'


@pytest.mark.parametrize(
    ("text", "names"),
    [("page.example", ("page.example",)), ("page.example, b_2.example", ("page.example", "b_2.example")), ("", ())],
)
def test_several_values_are_parted_by_commas(tmp_path: Path, text: str, names: tuple[str, ...]) -> None:
    """A variable can set a list, and empty it."""
    config = read_config(written(tmp_path, WEB), WebConfig, {"GRIDRAN_LISTEN_NAMES": text})
    assert config.listen.names == names


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("page.example,", ""), ("a b", "a b"), ("page.example,b.example:80", "b.example:80"), ("http://c", "http://c")],
)
def test_a_wrong_value_among_several_is_quoted(tmp_path: Path, text: str, wrong: str) -> None:
    """The line names the variable, or the file and the place in it, and quotes the value that is wrong."""
    with pytest.raises(ConfigError) as refused:
        read_config(written(tmp_path, WEB), WebConfig, {"GRIDRAN_LISTEN_NAMES": text})
    assert str(refused.value) == f"the environment's GRIDRAN_LISTEN_NAMES: {wrong!r} is not a host name"
    path = written(tmp_path, WEB.replace("of.file", wrong))
    with pytest.raises(ConfigError) as refused:
        read_config(path, WebConfig, {})
    assert str(refused.value) == f"{path}: listen.names.0: {wrong!r} is not a host name"


def test_a_fault_of_the_whole_file_names_the_file(tmp_path: Path) -> None:
    """What no single key is to blame for."""
    path = written(tmp_path, '[listen]\nhttp = "127.0.0.1:8080"\n')
    with pytest.raises(ConfigError) as refused:
        read_config(path, WebConfig, {})
    assert str(refused.value).startswith(f"{path}: connect.o1, runs.dir: give at least one")


def test_a_directory_that_the_environment_names_is_looked_for(tmp_path: Path) -> None:
    """The variable is to blame, not the file."""
    with pytest.raises(ConfigError, match=r"^the environment's GRIDRAN_RUNS_DIR: no such directory .*none$"):
        read_config(written(tmp_path, WEB), WebConfig, {"GRIDRAN_RUNS_DIR": "none"})


@pytest.mark.parametrize("key", ["dir", "live"])
def test_an_empty_path_is_none(tmp_path: Path, key: str) -> None:
    """An empty variable leaves out what the file gives, an empty key is none; neither means the folder itself."""
    watching = '[connect]\no1 = "127.0.0.1:1"\n[security]\nplaintext = true\n'
    given, empty = f'{WEB}live = "."\n{watching}', f'[listen]\nhttp = "127.0.0.1:8080"\n{watching}[runs]\n{key} = ""\n'
    config = read_config(written(tmp_path, given), WebConfig, {f"GRIDRAN_RUNS_{key.upper()}": ""})
    assert getattr(config.runs, key) is None
    assert getattr(read_config(written(tmp_path, given), WebConfig, {}).runs, key) == tmp_path
    assert getattr(read_config(written(tmp_path, empty), WebConfig, {}).runs, key) is None


@pytest.mark.parametrize("variable", ["GRIDRAN_STATE_DB", "GRIDRAN_TLS_KEY"])
def test_a_path_that_must_be_there_is_not_empty(tmp_path: Path, variable: str) -> None:
    """It is refused in one line that names the variable."""
    tls = '[tls]\ncertificate = "x.pem"\nkey = "x.key"\nauthority = "ca.pem"\n'
    with pytest.raises(ConfigError) as refused:
        read_config(written(tmp_path, XAPP + tls), XappConfig, {variable: ""})
    assert str(refused.value) == f"the environment's {variable}: must not be empty"
