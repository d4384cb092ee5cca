"""The line to an https agency: whose certificate is no good is told nothing, and the counter says why."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.errors import SettingWrong
from app.sync.line import Line, Unreachable
from tests.fakes.agency_line import http

ANSWER = http(b'{"infcode":0,"output":{}}')


def certificate(folder: Path, valid_for: timedelta) -> Path:
    """Make a certificate for this machine that is its own authority, valid from a year ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begin = datetime.now(UTC) - timedelta(days=365)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), begin, begin + valid_for
        )
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = folder / f"{valid_for.days}.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return file


@contextmanager
def serving(file: Path, heard: list[bytes]) -> Iterator[str]:
    """Answer one call over TLS with the certificate in ``file``; yield the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            raw, _peer = listening.accept()
            with raw, context.wrap_socket(raw, server_side=True) as line:
                while not (heard and heard[-1].endswith(b"{}")):
                    heard.append(line.recv(65536))
                line.sendall(ANSWER)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()
        thread.join(10)


def ask(url: str, ca_file: Path | None) -> tuple[int, bytes]:
    line = Line(url, timeout=httpx.Timeout(5.0), ca_file=ca_file)
    try:
        return line.post(b"{}", {})
    finally:
        line.close()


def test_a_trusted_agency_is_spoken_to(tmp_path: Path) -> None:
    file, heard = certificate(tmp_path, timedelta(days=730)), list[bytes]()

    with serving(file, heard) as url:
        assert ask(url, file) == (200, b'{"infcode":0,"output":{}}')
    assert heard


@pytest.mark.parametrize(("days", "trusted", "said"), [(30, True, "证书已过期"), (730, False, "不能信任")])
def test_a_certificate_that_is_no_good_is_named_and_nothing_is_sent(
    tmp_path: Path, days: int, trusted: bool, said: str
) -> None:
    file, heard = certificate(tmp_path, timedelta(days=days)), list[bytes]()

    with serving(file, heard) as url, pytest.raises(Unreachable, match=said) as caught:
        ask(url, file if trusted else None)

    assert "没有发送任何内容" in caught.value.trouble
    assert caught.value.line_dead
    assert not caught.value.sent
    assert heard == []


@pytest.mark.parametrize("scheme", ["HTTPS", "Https"])
def test_an_agency_is_looked_at_however_its_address_is_written(tmp_path: Path, scheme: str) -> None:
    file, heard = certificate(tmp_path, timedelta(days=730)), list[bytes]()

    with serving(file, heard) as url, pytest.raises(Unreachable, match="不能信任"):
        ask(url.replace("https", scheme), None)

    assert heard == []


def test_a_certificate_file_that_cannot_be_read_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense", encoding="utf-8")

    with pytest.raises(SettingWrong, match="SHANYAO_CA_FILE"):
        Line("https://127.0.0.1/", ca_file=tmp_path / "ca.pem")
