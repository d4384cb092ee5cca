"""Callers that drip, that send too much, and certificates that ended: nobody else waits for them."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agency import tls
from agency.errors import AgencyTrouble
from agency.patience import Patience, PatientProtocol
from agency.web import LARGEST_BATCH, LARGEST_BODY, make_web
from engine.protocol.batch import batch_input
from engine.protocol.profile import DEMONSTRATION, headers
from engine.protocol.signin import sign_in_input
from tests.fakes.agency_line import NOW, PROFILE, Bureau, Line
from tests.fakes.enrolled_till import EnrolledTill

ROOT = Path(__file__).parents[2]
HASTY = Patience(headers_s=0.4, start_s=0.4, slowest=64 * 1024)
SIGN_IN = sign_in_input("01")
TODAY = datetime(2026, 11, 22, tzinfo=UTC)


class Hasty(PatientProtocol):
    patience = HASTY


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def line(bureau: Bureau) -> Iterator[Line]:
    made = Line(make_web(bureau.agency, patience=HASTY), Hasty)
    yield made
    made.cut()


def post(line: Line, body: bytes, **header: str) -> httpx.Response:
    signed = headers(PROFILE, DEMONSTRATION, int(NOW.timestamp()), "nonce")
    return httpx.post(
        line.url + PROFILE.path, content=body, headers={**signed, **header}, trust_env=False, timeout=20
    )


def head(length: int) -> bytes:
    signed = headers(PROFILE, DEMONSTRATION, int(NOW.timestamp()), "nonce")
    rows = [f"POST {PROFILE.path} HTTP/1.1", "Host: agency", f"Content-Length: {length}"]
    return (
        "\r\n".join([*rows, *(f"{name}: {value}" for name, value in signed.items())]).encode() + b"\r\n\r\n"
    )


@contextmanager
def dripping(line: Line, begin: bytes, drop: bytes) -> Iterator[tuple[socket.socket, threading.Event]]:
    """Send ``begin`` at once, then ``drop`` again and again until the other side has enough."""
    ended = threading.Event()
    with socket.create_connection(("127.0.0.1", int(line.url.rsplit(":", 1)[1]))) as caller:
        caller.settimeout(10)

        def drip() -> None:
            try:
                caller.sendall(begin)
                while not ended.wait(0.05):
                    caller.sendall(drop)
            except OSError:
                pass

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield caller, ended
        finally:
            ended.set()
            thread.join(10)


def said_to(caller: socket.socket) -> bytes:
    """Return all that came until the connection was closed."""
    read = b""
    try:
        while more := caller.recv(65536):
            read += more
    except ConnectionError:
        pass
    return read


def test_a_caller_whose_headers_drip_is_closed_and_others_are_served_meanwhile(
    bureau: Bureau, line: Line
) -> None:
    with dripping(line, b"POST /", b"x") as (caller, _ended):
        assert post(line, bureau.body("9001", SIGN_IN)).json()["infcode"] == 0
        assert said_to(caller) == b""


def test_a_kept_connection_may_not_drip_its_next_headers_either(bureau: Bureau, line: Line) -> None:
    body = bureau.body("9001", SIGN_IN)
    with dripping(line, head(len(body)) + body, b"P") as (caller, _ended):
        said = said_to(caller)
    assert said.count(b"HTTP/1.1 200") == 1


def test_a_caller_whose_body_drips_is_told_so_and_nothing_is_applied(
    bureau: Bureau, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "agency")
    with dripping(line, head(5000) + b'{"infno"', b" ") as (caller, _ended):
        assert post(line, bureau.body("9001", SIGN_IN)).json()["infcode"] == 0
        said = said_to(caller)

    assert said.startswith(b"HTTP/1.1 408")
    assert b"too_slow" in said
    assert any("too_slow 408" in each.message for each in caplog.records)


def test_a_caller_that_hangs_up_in_the_middle_leaves_no_trouble_behind(
    bureau: Bureau, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with socket.create_connection(("127.0.0.1", int(line.url.rsplit(":", 1)[1]))) as caller:
        caller.sendall(head(5000) + b"{")

    assert post(line, bureau.body("9001", SIGN_IN)).json()["infcode"] == 0
    line.cut()
    assert "Traceback" not in caplog.text
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_ten_megabytes_are_refused_before_they_are_read(line: Line) -> None:
    with socket.create_connection(("127.0.0.1", int(line.url.rsplit(":", 1)[1]))) as caller:
        caller.settimeout(10)
        caller.sendall(head(10_000_000) + b'{"infno":"2102",' + b" " * (LARGEST_BODY + 1))
        said = said_to(caller)

    assert said.startswith(b"HTTP/1.1 200")
    assert b"too_large" in said


def test_a_batch_may_be_larger_and_a_stranger_may_not_send_one(bureau: Bureau, line: Line) -> None:
    till = EnrolledTill(bureau)
    till.enrol()
    wide = SIGN_IN[:-1] + " " * 20_000 + "}"
    batch = till.body("SY06", batch_input([till.body("9001", wide) for _ in range(100)]))
    assert LARGEST_BODY < len(batch) < LARGEST_BATCH

    assert post(line, batch).json()["infcode"] == 0
    assert post(line, batch, **{"x-tif-signature": "0" * 64}).json()["err_code"] == "too_large"


def test_no_batch_is_larger_than_the_largest(line: Line) -> None:
    huge = b'{"infno":"SY06",' + b" " * LARGEST_BATCH

    assert post(line, huge).json()["err_code"] == "too_large"


def certificate(folder: Path, begins: datetime, ends: datetime) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


def test_an_expired_or_early_certificate_is_refused_with_its_day(tmp_path: Path) -> None:
    day = timedelta(days=1)
    expired, key = certificate(tmp_path, TODAY - 30 * day, TODAY - day)
    with pytest.raises(AgencyTrouble, match="2026-11-21 到期"):
        tls.check(expired, key, TODAY)
    early, key = certificate(tmp_path, TODAY + day, TODAY + 30 * day)
    with pytest.raises(AgencyTrouble, match="从 2026-11-23 起"):
        tls.check(early, key, TODAY)


def test_a_certificate_that_is_none_or_of_another_key_is_refused(tmp_path: Path) -> None:
    good, _key = certificate(tmp_path, TODAY - timedelta(days=1), TODAY + timedelta(days=1))
    (tmp_path / "other").mkdir()
    _other, others_key = certificate(tmp_path / "other", TODAY, TODAY + timedelta(days=1))
    nothing = tmp_path / "nothing.pem"

    for file, key in ((nothing, None), (others_key, None), (good, others_key), (good, nothing)):
        with pytest.raises(AgencyTrouble, match="读不出来"):
            tls.check(file, key, TODAY)


def test_the_process_does_not_start_with_an_expired_certificate(tmp_path: Path) -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    expired, key = certificate(tmp_path, long_ago, long_ago + timedelta(days=1))
    options = ["--data", str(tmp_path), "--port", "0", "--tls-certificate", str(expired)]
    said = subprocess.run(
        [sys.executable, "-m", "agency", "serve", *options, "--tls-key", str(key)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )

    assert (said.returncode, said.stdout) == (3, "")
    assert "到期" in said.stderr
    assert "Traceback" not in said.stderr


def test_the_process_serves_https_with_a_good_certificate(tmp_path: Path) -> None:
    good, key = certificate(tmp_path, datetime(2001, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
    options = ["--data", str(tmp_path), "--port", "0", "--tls-certificate", str(good), "--tls-key", str(key)]
    with subprocess.Popen(
        [sys.executable, "-m", "agency", "serve", *options, "--until-stdin-closes"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        url = json.loads(process.stdout.readline())["url"]
        trusting = ssl.create_default_context(cafile=good)
        said = httpx.post(url + PROFILE.path, content=b"{}", verify=trusting, trust_env=False, timeout=20)
        process.stdin.close()
        assert process.wait(20) == 0

    assert url.startswith("https://")
    assert said.json()["err_code"] == "signature"
