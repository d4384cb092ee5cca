"""The agency's certificate: looked at before the first caller sees it."""

from __future__ import annotations

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509

from agency.errors import AgencyTrouble

_UNREADABLE = "经办端没有启动：证书或私钥读不出来（{path}），请检查路径、读取权限和 PEM 格式。"


def check(certificate: Path, key: Path | None, now: datetime) -> None:
    """Raise AgencyTrouble for a certificate that no till would take ``now``, or that is not this key's."""
    begins, ends = _validity(certificate)
    if now >= ends:
        raise AgencyTrouble(
            f"经办端没有启动：证书已于 {ends:%Y-%m-%d} 到期（{certificate}），收银机不会再连接。"
            "请换上新证书后重新启动。"
        )
    if now < begins:
        raise AgencyTrouble(
            f"经办端没有启动：证书从 {begins:%Y-%m-%d} 起才有效（{certificate}）。"
            "请核对本机的日期，或换上现在有效的证书。"
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise AgencyTrouble(_UNREADABLE.format(path=key or certificate)) from error


def _validity(certificate: Path) -> tuple[datetime, datetime]:
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise AgencyTrouble(_UNREADABLE.format(path=certificate)) from error
    return read.not_valid_before_utc, read.not_valid_after_utc
