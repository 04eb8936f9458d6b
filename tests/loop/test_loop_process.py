"""Services as processes: refusals, signals, crashes, health."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from gridran.wire.convert import policy_to_proto
from gridran.wire.v1 import a1_policy_pb2 as a1
from gridran.wire.v1.a1_policy_pb2_grpc import A1PolicyServiceStub
from studies.trial import trial

START_S = 30.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(service: str, config: Path) -> Iterator[subprocess.Popen[str]]:
    """The service as a process, killed at the end if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", service, "--config", str(config)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(service: str, config: Path) -> tuple[int, str]:
    """Exit code and stderr of a service that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", service, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_port_in_use_is_named_in_one_line_with_exit_code_2(loop_of: Any) -> None:
    """The xApp does not start on a port that somebody has, and says which."""
    loop = loop_of()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        loop.a1_address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, text = said("xapp", loop.xapp_config())
    assert code == 2
    assert text.splitlines()[-1] == f"xapp: cannot listen on {loop.a1_address}: the port is in use"


@pytest.mark.parametrize(("service", "fault"), [("emulator", "listen"), ("rapp", "connect"), ("xapp", "listen")])
def test_a_bad_configuration_is_named_in_one_line_with_exit_code_2(tmp_path: Path, service: str, fault: str) -> None:
    """A file without what the service needs is refused with file and key."""
    config = tmp_path / "bad.toml"
    config.write_text("[security]\nplaintext = true\n")
    assert said(service, config) == (2, f"{service}: {config}: {fault}: is missing\n")


def test_plaintext_beyond_loopback_is_refused(loop_of: Any) -> None:
    """Without certificates nobody but this machine may listen or be talked to."""
    loop = loop_of()
    loop.a1_address = "0.0.0.0:0"
    code, text = said("xapp", loop.xapp_config())
    assert code == 2
    assert "listen.a1" in text
    assert text.count("\n") == 1


def test_a_signal_ends_a_service_within_two_seconds(loop_of: Any) -> None:
    """SIGTERM and SIGINT: exit code 0, journal closed, whatever the service was waiting for."""
    loop = loop_of()
    for number in (signal.SIGTERM, signal.SIGINT):
        http = f"127.0.0.1:{free_port()}"
        with running("xapp", loop.xapp_config(http=http)) as process:
            assert answers(f"http://{http}/ric/v1/health/alive", 200)
            began_s = time.monotonic()
            process.send_signal(number)
            assert process.wait(START_S) == 0
            assert time.monotonic() - began_s < 2.0
        assert not (loop.folder / "xapp.sqlite-wal").exists()


def test_health_and_metrics(loop_of: Any) -> None:
    """Alive at once, ready only with the node; metrics under both paths."""
    loop = loop_of()
    http = f"127.0.0.1:{free_port()}"
    with running("xapp", loop.xapp_config(http=http)):
        assert answers(f"http://{http}/ric/v1/health/alive", 200)
        assert answers(f"http://{http}/ric/v1/health/ready", 503)
        for path in ("/metrics", "/ric/v1/metrics"):
            with urllib.request.urlopen(f"http://{http}{path}", timeout=5.0) as page:
                assert b"gridran_xapp_connected 0.0" in page.read()


def test_kill_9_loses_no_accepted_policy(loop_of: Any) -> None:
    """A policy whose acceptance was answered is there after kill -9 and a restart, enforced."""
    loop = loop_of(strategy="independent")
    loop.a1_address = f"127.0.0.1:{free_port()}"
    policy = next(trial(loop.scenario, "independent", 1, 1.0 / 120.0)).policy
    assert policy is not None
    message = policy_to_proto(policy, loop.scenario.network)
    config = loop.xapp_config()
    with running("xapp", config) as process, grpc.insecure_channel(loop.a1_address) as channel:
        request = a1.PutPolicyRequest(policy_type_id=20260, policy=message)
        A1PolicyServiceStub(channel).PutPolicy(request, wait_for_ready=True, timeout=START_S)
        process.kill()
        process.wait()
    with running("xapp", config), grpc.insecure_channel(loop.a1_address) as channel:
        stub = A1PolicyServiceStub(channel)
        asked = a1.GetPolicyRequest(policy_id=policy.policy_id)
        assert stub.GetPolicy(asked, wait_for_ready=True, timeout=START_S) == message
        status = stub.GetStatus(a1.GetStatusRequest(policy_id=policy.policy_id))
        assert status.enforce_status == a1.ENFORCE_STATUS_ENFORCED


def answers(url: str, status: int) -> bool:
    """Whether ``url`` answers with ``status``, within the time that a service needs to start."""
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(url, timeout=5.0) as page:  # noqa: S310 - our own http://
                return bool(page.status == status)
        except urllib.error.HTTPError as error:
            return error.code == status
        except OSError:
            time.sleep(0.05)
    return False
