"""7201 and 7202: which prescription a QR code stands for, and which ones wait for a person.

Source: the national interface as restated in the project's facts, section 1.16. Both answer with what 7203
downloads by: a token, or a number that is good once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.person import Person
from engine.protocol import codes
from engine.protocol.wire import decode, encode, parse_seconds, seconds

MOST_WAITING = 200

_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_Code = Annotated[str, Meta(min_length=1, max_length=64)]
_Text = Annotated[str, Meta(max_length=500)]


class QrRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of 7201; channel, device and operator are what the envelope says already."""

    epc_qrcd: _Code
    app_chnl_id: _Text = ""
    app_chnl_user_id: _Text = ""
    auth_code: _Text = ""
    dev_info: _Text = ""
    ip_info: _Text = ""
    opter: _Text = ""
    opter_name: _Text = ""
    optins: _Text = ""


class QrParsed(Struct, frozen=True, kw_only=True):
    """Node ``data`` of 7201's answer: the token, and whose prescription it is."""

    epc_token: _Id
    cert_type: _Text = codes.CERT_TYPE_ID
    name: _Text = ""
    certno: _Text = ""
    insuplc_admdvs: _Text = ""


class WaitingRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of 7202: by the credential of a person."""

    mdtrt_cert_type: _Text
    mdtrt_cert_no: _Id
    insuplc_admdvs: _Text
    card_sn: str | None = None
    ip_info: _Text = ""
    opter: _Text = ""
    opter_name: _Text = ""
    optins: _Text = ""


class Waiting(Struct, frozen=True, kw_only=True):
    """A prescription that waits at the platform; ``auth_rxno`` downloads it, once.

    ``number`` is ours (``exp_content``), empty where the platform does not tell it.
    """

    auth_rxno: str
    issuer: str
    issuer_code: str
    issued_at: datetime
    valid_end: datetime
    diagnosis: str = ""
    department: str = ""
    number: str = ""


class _WaitingRow(Struct, frozen=True, kw_only=True):
    auth_rxno: Annotated[str, Meta(min_length=1, max_length=64)]
    prsc_time: str
    valid_end_time: str
    fixmedins_code: _Text = ""
    fixmedins_name: _Text = ""
    diag_name: _Text = ""
    dept_name: _Text = ""
    exp_content: _Text = ""


class _QrIn(Struct, frozen=True):
    data: QrRequest


class _QrOut(Struct, frozen=True):
    data: QrParsed


class _WaitingIn(Struct, frozen=True):
    data: WaitingRequest


class _WaitingOut(Struct, frozen=True):
    data: Annotated[tuple[_WaitingRow, ...], Meta(max_length=MOST_WAITING)]


def qr_input(code: str) -> str:
    """Return the ``input`` of a 7201."""
    return encode(_QrIn(QrRequest(epc_qrcd=code)))


def read_qr_request(raw: Raw) -> QrRequest:
    """Return a 7201 as read; raise ProtocolError."""
    return decode(_QrIn, raw, "交易输入 input").data


def qr_output(told: QrParsed) -> str:
    """Return the ``output`` of a 7201."""
    return encode(_QrOut(told))


def read_qr(raw: Raw) -> QrParsed:
    """Return the answer to a 7201; raise ProtocolError."""
    return decode(_QrOut, raw, "处方二维码应答").data


def waiting_input(person: Person) -> str:
    """Return the ``input`` of a 7202 for ``person``, by their resident id."""
    asked = WaitingRequest(
        mdtrt_cert_type=codes.RESIDENT_ID, mdtrt_cert_no=person.cert_no, insuplc_admdvs=person.region
    )
    return encode(_WaitingIn(asked))


def read_waiting_request(raw: Raw) -> WaitingRequest:
    """Return a 7202 as read; raise ProtocolError."""
    return decode(_WaitingIn, raw, "交易输入 input").data


def waiting_output(told: Iterable[Waiting]) -> str:
    """Return the ``output`` of a 7202."""
    rows = tuple(
        _WaitingRow(
            auth_rxno=each.auth_rxno,
            prsc_time=seconds(each.issued_at),
            valid_end_time=seconds(each.valid_end),
            fixmedins_code=each.issuer_code,
            fixmedins_name=each.issuer,
            diag_name=each.diagnosis,
            dept_name=each.department,
            exp_content=each.number,
        )
        for each in told
    )
    return encode(_WaitingOut(rows))


def read_waiting(raw: Raw) -> tuple[Waiting, ...]:
    """Return the answer to a 7202; raise ProtocolError."""
    return tuple(
        Waiting(
            auth_rxno=row.auth_rxno,
            issuer=row.fixmedins_name,
            issuer_code=row.fixmedins_code,
            issued_at=parse_seconds(row.prsc_time, "prsc_time"),
            valid_end=parse_seconds(row.valid_end_time, "valid_end_time"),
            diagnosis=row.diag_name,
            department=row.dept_name,
            number=row.exp_content,
        )
        for row in decode(_WaitingOut, raw, "处方查询应答").data
    )
