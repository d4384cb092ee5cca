"""Electronic prescriptions: issued and withdrawn; found by code (7201) or person (7202), downloaded (7203).

A prescription is signed when it is issued. It is not downloaded again once it is used up, withdrawn or
expired, and whoever asks is told which of these it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from msgspec import Struct

from agency.calls import Call
from agency.keyring import signing_key
from agency.storage import credentials, dispensed, persons, prescriptions, registry, rx_tokens, write_offs
from agency.storage.connection import Connection
from engine.calendar import CHINA, business_day
from engine.prescription import Prescription
from engine.prescription_use import Given, Left, Standing, State, left_of, line_for
from engine.protocol.eprescription import (
    MOST_WAITING,
    QrParsed,
    Waiting,
    qr_output,
    read_qr_request,
    read_waiting_request,
    waiting_output,
)
from engine.protocol.eprescription_content import content_output, end_of, read_download_request
from engine.protocol.eprescription_seal import sealed
from engine.protocol.wire import ProtocolError


class Use(Struct, frozen=True, kw_only=True):
    """How far a prescription is used: ``given`` on it, and what is ``left`` on a day."""

    given: tuple[Given, ...]
    left: Left


def issue(db: Connection, written: Iterable[Prescription]) -> None:
    """Sign and register prescriptions, inside the caller's transaction; their people's shops hear of them."""
    key = signing_key(db)
    prescriptions.save(db, [sealed(key, each) for each in written])


def withdraw(db: Connection, number: str, reason: str, now: datetime) -> None:
    """Take a prescription back for its issuer, as a 7104 asks; raise LookupError for an unknown one."""
    found = prescriptions.prescription(db, number)
    if found is None or found.psn_no is None:
        raise LookupError(f"no prescription {number} of a person")
    prescriptions.withdraw(db, found.psn_no, number, reason, now)


def parse_code(call: Call) -> str:
    """7201: tell what the QR code of a prescription stands for. Its code is its number here."""
    asked = read_qr_request(call.request.input)
    found = known(call.db, asked.epc_qrcd)
    person = persons.person(call.db, found.psn_no or "")
    if person is None:
        raise unknown()
    token = rx_tokens.give(call.db, found.number, call.request.fixmedins_code, "qr", call.now)
    return qr_output(
        QrParsed(epc_token=token, name=person.name, certno=person.cert_no, insuplc_admdvs=person.region)
    )


def waiting(call: Call) -> str:
    """7202: tell which prescriptions of a person may be dispensed now, each with a number good once."""
    asked = read_waiting_request(call.request.input)
    psn_no = credentials.holder(call.db, asked.mdtrt_cert_type, asked.mdtrt_cert_no)
    if psn_no is None:
        raise ProtocolError("没有查到持此凭证的参保人，请核对证件。", "unknown_person")
    persons.follow(call.db, psn_no, call.request.fixmedins_code)
    usable = [each for each in prescriptions.of_person(call.db, psn_no) if _refusal(call, each) is None]
    return waiting_output(_waiting(call, each) for each in usable[:MOST_WAITING])


def download(call: Call) -> str:
    """7203: tell a whole prescription, once for each token; raise ProtocolError where it may not be used."""
    by = read_download_request(call.request.input)
    token = rx_tokens.token(call.db, by)
    if token is None or token.provider != call.request.fixmedins_code:
        raise ProtocolError("没有这个处方令牌，请重新扫处方二维码，或重新查询。", "unknown_token")
    if token.used or call.now - token.made_at > rx_tokens.LASTS:
        raise ProtocolError("这个处方令牌已用过或已过期，请重新扫处方二维码，或重新查询。", "token_used")
    found = known(call.db, token.number)
    refusal = _refusal(call, found)
    if refusal is not None:
        raise refusal
    rx_tokens.use(call.db, by, call.now)
    psn_no = found.psn_no or ""
    persons.follow(call.db, psn_no, call.request.fixmedins_code)
    return content_output(found, persons.person(call.db, psn_no), standing(call.db, found, call.now))


def known(db: Connection, number: str) -> Prescription:
    """Return a prescription of the platform; raise ProtocolError for any other number."""
    found = prescriptions.prescription(db, number)
    if found is None or found.psn_no is None:
        raise unknown()
    return found


def unknown() -> ProtocolError:
    """Return the refusal of a number that is no prescription's."""
    return ProtocolError(
        "处方平台没有这张处方，请核对处方号或二维码；可能是伪造的处方。", "unknown_prescription"
    )


def standing(db: Connection, prescription: Prescription, now: datetime) -> Standing:
    """Return how a prescription stands, and what was dispensed on it by whom."""
    use = use_of(db, prescription, now)
    state: State = "valid"
    reason = ""
    taken_back = prescriptions.withdrawal(db, prescription.psn_no or "", prescription.number)
    if taken_back is not None:
        state, reason = "withdrawn", taken_back[1]
    elif use.left.is_used_up:
        state = "used"
    elif now > end(prescription):
        state = "expired"
    return Standing(
        number=prescription.number,
        issued=prescription.issued,
        state=state,
        reason=reason,
        given=use.given,
    )


def use_of(
    db: Connection, prescription: Prescription, now: datetime, besides: tuple[str, str] | None = None
) -> Use:
    """Return how far a prescription is used, all sales counted but one: ``besides``, by shop and number."""
    given = tuple(
        sorted(
            (
                each
                for each in _given(db, prescription)
                if (each.provider, each.sale) != besides and business_day(each.at) >= prescription.issued
            ),
            key=lambda each: each.at,
        )
    )
    return Use(given=given, left=left_of(prescription, given, business_day(now)))


def end(prescription: Prescription) -> datetime:
    """Return the last instant at which a prescription may be dispensed."""
    return prescription.valid_end or end_of(prescription.valid_until or prescription.issued)


def _given(db: Connection, prescription: Prescription) -> Iterable[Given]:
    psn_no, number = prescription.psn_no or "", prescription.number
    off = write_offs.of_prescription(db, psn_no, number)
    for each in off:
        yield from each.given
    told = {(each.provider, each.sale) for each in off}
    for row in dispensed.on_prescription(db, psn_no, number):
        if (row.provider, row.sale) not in told:
            yield Given(
                provider=row.provider,
                sale=row.sale,
                at=row.at,
                drug=row.drug,
                quantity=row.quantity,
                pack_size=row.pack_size,
                name=_name(db, prescription, row.drug),
            )


def _name(db: Connection, prescription: Prescription, drug: str) -> str:
    """Return the generic name of a drug whose code does not tell on which line it was dispensed."""
    if line_for(prescription.lines, drug) is not None:
        return ""
    found = registry.drug(db, drug)
    return found.generic_name if found else ""


def _refusal(call: Call, prescription: Prescription) -> ProtocolError | None:
    told = standing(call.db, prescription, call.now)
    number = prescription.number
    if told.state == "withdrawn":
        return ProtocolError(
            f"处方 {number} 已由开方机构撤销（{told.reason}），不能再用。请参保人找医师重新开。",
            "prescription_withdrawn",
        )
    if told.state == "used":
        last = told.given[-1]
        return ProtocolError(
            f"处方 {number} 已在 {_where(call.db, last)}配完（{_day(last.at)}），不能再下载。",
            "prescription_used",
        )
    if told.state == "expired":
        return ProtocolError(
            f"处方 {number} 已于 {_day(end(prescription))}过期，不能再用。请参保人找医师重新开。",
            "prescription_expired",
        )
    opens = use_of(call.db, prescription, call.now).left.opens
    if opens is not None:
        return ProtocolError(
            f"处方 {number} 这一次的量已配完，{opens.month} 月 {opens.day} 日起才能配下一次。",
            "prescription_too_early",
        )
    return None


def _where(db: Connection, given: Given) -> str:
    shop = registry.store(db, given.provider)
    return shop.name if shop else given.provider


def _day(at: datetime) -> str:
    day = at.astimezone(CHINA)
    return f"{day.month} 月 {day.day} 日"


def _waiting(call: Call, prescription: Prescription) -> Waiting:
    provider = call.request.fixmedins_code
    return Waiting(
        auth_rxno=rx_tokens.give(call.db, prescription.number, provider, "person", call.now),
        issuer=prescription.issuer,
        issuer_code=prescription.issuer_code,
        issued_at=datetime.combine(prescription.issued, time(), CHINA),
        valid_end=end(prescription),
        diagnosis=prescription.diagnosis,
        department=prescription.department,
        number=prescription.number,
    )
