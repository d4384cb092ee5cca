"""9001, 1101, 5301 and 5206: who calls, and who the insured person is."""

from __future__ import annotations

from datetime import date

from agency.calls import Call, known_person
from agency.storage import credentials, persons
from agency.storage.counters import next_number
from engine.calendar import insurance_year
from engine.protocol import codes
from engine.protocol.person import filings_output, person_output, read_credential, read_whose, sums_output
from engine.protocol.signin import read_sign_in, signed_in_output
from engine.protocol.wire import ProtocolError, compact

_SHOWN = {codes.VOUCHER: "医保电子凭证", codes.RESIDENT_ID: "身份证", codes.CARD: "社会保障卡"}


def sign_in(call: Call) -> str:
    """9001: give the operator the day's sign-in number."""
    read_sign_in(call.request.input)
    number = next_number(call.db, "sign_in")
    return signed_in_output(f"{compact(call.now)}{number:010d}", call.now)


def person_information(call: Call) -> str:
    """1101: tell who shows a voucher, a resident id or a card."""
    shown = read_credential(call.request.input)
    if shown.mdtrt_cert_type not in _SHOWN:
        raise ProtocolError("就诊凭证类型只收 01 电子凭证、02 身份证、03 社保卡，请核对后重新发送。")
    psn_no = credentials.holder(call.db, shown.mdtrt_cert_type, shown.mdtrt_cert_no)
    if psn_no is None:
        raise ProtocolError(
            f"没有查到持此{_SHOWN[shown.mdtrt_cert_type]}的参保人，请核对证件，或按自费办理。",
            "unknown_person",
        )
    person = known_person(call, psn_no)
    persons.follow(call.db, psn_no, call.request.fixmedins_code)
    return person_output(person, call.today)


def filings(call: Call) -> str:
    """5301: tell the chronic diseases filed for a person."""
    psn_no, _year = read_whose(call.request.input)
    return filings_output(known_person(call, psn_no).filings)


def year_so_far(call: Call) -> str:
    """5206: tell what a person's year comes to so far."""
    psn_no, year = read_whose(call.request.input)
    this_year = insurance_year(call.today)
    # The sums of another year are those that counted when it ended.
    person = known_person(call, psn_no, None if year in (None, this_year) else date(year, 12, 31))
    return sums_output(person.insurance, person.snapshot)
