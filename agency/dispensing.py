"""What becomes of a prescription at the shops: reviewed (7204), written off (7206), refused on paper (SY07).

A prescription that another shop has used up already is refused, unless it was sold in good faith: without the
network, or at about the same time. Then it stands, and is a finding.
"""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from msgspec import Struct

from agency.calls import Call
from agency.eprescriptions import end, known, use_of
from agency.purchase import CLOCKS_APART, Purchase
from agency.storage import (
    dispensed,
    findings,
    mailbox,
    persons,
    prescriptions,
    registry,
    rx_results,
    rx_tokens,
    settlements,
    write_offs,
)
from agency.storage.findings import Finding
from agency.storage.rx_results import Review
from agency.storage.settlements import Settlement
from agency.storage.write_offs import WriteOff
from engine.prescription import Prescription
from engine.prescription_use import Given, spread
from engine.protocol import codes
from engine.protocol.eprescription_result import SoldOnPrescription, given_in, read_write_off
from engine.protocol.eprescription_review import read_refusal, read_review
from engine.protocol.lease import Dispensed
from engine.protocol.wire import ProtocolError, encode
from engine.refusal import RefusalReport

_TAKEN = "{}"


class _Sold(Struct, frozen=True, kw_only=True):
    """A sale on a prescription: what it dispenses; ``leased`` is what it was settled under a lease.

    ``expires``: nobody has looked yet whether the prescription was still good.
    """

    sale: str
    at: datetime
    given: tuple[Given, ...]
    leased: bool = False
    expires: bool = False


class _Trouble(Struct, frozen=True):
    """Why a sale may not stand on a prescription: ``code``, what to say, and since when that was known."""

    code: str
    text: str
    since: datetime


def reviewed(call: Call) -> str:
    """7204: keep a pharmacist's review; one that did not pass is told to who issued the prescription.

    What is not as the platform signed it comes as it was seen, and need not be known here.
    """
    told, facts = read_review(call.request.input)
    refused = told.rx_chk_stas_codg == codes.REVIEW_REFUSED
    prescription = (
        facts.seen if refused and facts.seen is not None else _of_person(call, told.hi_rxno, facts.psn_no)
    )
    rx_results.save_review(
        call.db,
        Review(
            psn_no=prescription.psn_no or "",
            number=told.hi_rxno,
            msgid=call.request.msgid,
            provider=call.request.fixmedins_code,
            at=call.now,
            status=told.rx_chk_stas_codg,
            body=encode(told),
        ),
    )
    if refused:
        report = RefusalReport(
            id=facts.refusal or call.request.msgid,
            at=call.now,
            provider=call.request.fixmedins_code,
            shop=call.store.name,
            by=told.phar_name,
            licence=told.phar_prac_cert_no,
            who="",
            prescription=prescription,
            found=facts.found,
            to=(),
            electronic=True,
        )
        _report(call, report, told.rx_chk_opnn)
    return _TAKEN


def refused_on_paper(call: Call) -> str:
    """SY07: register that a shop refused a paper prescription, and tell the institution that issued it."""
    report = read_refusal(call.request.input)
    if report.provider != call.request.fixmedins_code:
        raise ProtocolError("拒付上报是另一家机构的，没有收下。请用本店的上报。", "wrong_provider")
    _report(call, report, "".join(each.text for each in report.found))
    return _TAKEN


def written_off(call: Call) -> str:
    """7206: count what was sold on a prescription; told again, nothing is counted again.

    Of a sale that was undone before its write-off came, nothing is counted either.
    """
    told = read_write_off(call.request.input)
    prescription = _of_person(call, told.number, told.psn_no)
    psn_no, provider = prescription.psn_no or "", call.request.fixmedins_code
    persons.lock(call.db, psn_no)
    _check_download(call, told, prescription)
    settled = [_settlement(call, psn_no, each) for each in told.settlements]
    before = write_offs.of_prescription(call.db, psn_no, told.number)
    if any((each.provider, each.sale) == (provider, told.sale) for each in before):
        return _TAKEN
    if any(each.reversed_by is not None for each in settled):
        return _TAKEN
    sizes = {row.med_list_codg: _pack_size(call, row.med_list_codg) for row in told.given}
    given = tuple(given_in(told, provider, sizes))
    if not settled:  # Else it was looked at as it was settled.
        _stand_or_refuse(call, prescription, _Sold(sale=told.sale, at=told.at, given=given, expires=True))
    write_offs.save(
        call.db,
        WriteOff(
            psn_no=psn_no,
            number=told.number,
            provider=provider,
            sale=told.sale,
            at=told.at,
            msgid=call.request.msgid,
            settlements=told.settlements,
            given=given,
        ),
    )
    _keep_history(call, prescription, told, given)
    prescriptions.tell(call.db, psn_no, told.number)
    return _TAKEN


def check_settlement(call: Call, purchase: Purchase, *, leased: bool) -> None:
    """Refuse a settlement on a prescription that may not carry it any more, or note it where it stands.

    What is settled under a lease stands always.
    """
    prescription, request = purchase.prescription, purchase.request
    if prescription is None or prescription.psn_no is None:
        return
    given = tuple(
        Given(
            provider=call.request.fixmedins_code,
            sale=request.facts.sale,
            at=request.at,
            drug=line.drug,
            quantity=line.quantity,
            name=_generic(call, line.drug),
            pack_size=line.size or 1,
        )
        for line in request.lines
    )
    sold = _Sold(sale=request.facts.sale, at=request.at, given=given, leased=leased)
    _stand_or_refuse(call, prescription, sold)


def take_back(call: Call, made: Settlement) -> None:
    """Give a prescription back what a reversed settlement had used of it; its shops hear of it."""
    for number in write_offs.take_back(call.db, made.psn_no, made.provider, made.sale):
        dispensed.take_back(call.db, made.psn_no, _history_id(made.provider, made.sale))
        prescriptions.tell(call.db, made.psn_no, number)


def _of_person(call: Call, number: str, psn_no: str) -> Prescription:
    prescription = known(call.db, number)
    if psn_no not in ("", prescription.psn_no):
        raise ProtocolError("这张处方不是开给此人的，请核对处方和参保人。", "wrong_prescription")
    return prescription


def _check_download(call: Call, told: SoldOnPrescription, prescription: Prescription) -> None:
    """Refuse a download id that stands for another prescription, or was given to another shop."""
    token = rx_tokens.token(call.db, told.download_id)
    if token is not None and (token.number, token.provider) != (
        prescription.number,
        call.request.fixmedins_code,
    ):
        raise ProtocolError(
            "download_ide_code 不是本店下载这张处方时用的，请核对后重新发送。", "unknown_token"
        )


def _settlement(call: Call, psn_no: str, setl_id: str) -> Settlement:
    made = settlements.settlement(call.db, psn_no, setl_id)
    if made is None or made.provider != call.request.fixmedins_code:
        raise ProtocolError("没有这笔结算，请核对结算ID后重新发送核销。", "unknown_settlement")
    return made


def _stand_or_refuse(call: Call, prescription: Prescription, sold: _Sold) -> None:
    trouble = _trouble(call, prescription, sold)
    if trouble is None:
        return
    unaware = call.now - sold.at > CLOCKS_APART or sold.at <= trouble.since + CLOCKS_APART
    if not (sold.leased or unaware):
        raise ProtocolError(trouble.text, trouble.code)
    findings.add(
        call.db,
        Finding(
            provider=call.request.fixmedins_code,
            id=f"rx-{prescription.number}-{sold.sale}",
            at=call.now,
            kind=trouble.code,
            till=call.speaker.till.till if call.speaker else call.store.till,
            text=f"{trouble.text}本笔（小票 {sold.sale}）销售时不知情，照常受理。请核对处方和实物。",
        ),
    )


def _trouble(call: Call, prescription: Prescription, sold: _Sold) -> _Trouble | None:
    number = prescription.number
    taken_back = prescriptions.withdrawal(call.db, prescription.psn_no or "", number)
    if taken_back is not None and sold.at > taken_back[0]:
        text = f"处方 {number} 已由开方机构撤销（{taken_back[1]}），不能再用。"
        return _Trouble("prescription_withdrawn", text, taken_back[0])
    if sold.expires and sold.at > end(prescription):
        text = f"处方 {number} 在这笔销售时已经过期，不能再用。"
        return _Trouble("prescription_expired", text, end(prescription))
    use = use_of(call.db, prescription, sold.at, besides=(call.request.fixmedins_code, sold.sale))
    if not use.given:
        return None
    left = use.left.packs
    wanted = spread(
        prescription.lines,
        left,
        ((each.drug, each.name, Fraction(each.quantity, each.pack_size)) for each in sold.given),
    )
    for place, line in enumerate(prescription.lines):
        if wanted[place] > left[place]:
            last = use.given[-1]
            where = f"先在 {last.provider}（小票 {last.sale}）"
            text = f"处方 {number} 的{line.name}已经配过：{where}，余量不够这一笔。"
            return _Trouble("prescription_used", text, last.at)
    return None


def _report(call: Call, report: RefusalReport, text: str) -> None:
    prescription = report.prescription
    institution = prescription.issuer_code or prescription.issuer
    rx_results.save_refused(call.db, institution, report)
    findings.add(
        call.db,
        Finding(
            provider=report.provider,
            id=f"refused-{report.id}",
            at=call.now,
            kind="prescription_refused",
            till=call.speaker.till.till if call.speaker else call.store.till,
            text=f"处方 {prescription.number}（{prescription.issuer}）被拒：{text}",
        ),
    )
    if prescription.issuer_code and registry.store(call.db, prescription.issuer_code) is not None:
        mailbox.post(
            call.db,
            prescription.issuer_code,
            mailbox.REFUSAL,
            prescription.psn_no or "",
            key=f"{report.provider} {report.id}",
            body=encode(report),
        )


def _keep_history(
    call: Call, prescription: Prescription, told: SoldOnPrescription, given: tuple[Given, ...]
) -> None:
    """Let other shops see what was dispensed at the person's own cost; settlements tell the rest."""
    psn_no, provider = prescription.psn_no or "", call.request.fixmedins_code
    settled = {
        each.drug
        for each in dispensed.on_prescription(call.db, psn_no, told.number)
        if (each.provider, each.sale) == (provider, told.sale)
    }
    taken: dict[tuple[str, int], int] = {}
    for each in given:
        if each.drug not in settled:
            taken[each.drug, each.pack_size] = taken.get((each.drug, each.pack_size), 0) + each.quantity
    dispensed.save(
        call.db,
        _history_id(provider, told.sale),
        [
            Dispensed(
                psn_no=psn_no,
                at=told.at,
                provider=provider,
                drug=drug,
                quantity=quantity,
                days=prescription.supply_days,
                rxno=told.number,
                sale=told.sale,
                pack_size=size,
            )
            for (drug, size), quantity in taken.items()
        ],
    )


def _history_id(provider: str, sale: str) -> str:
    return f"sold-{provider}-{sale}"


def _pack_size(call: Call, drug: str) -> int | None:
    found = registry.drug(call.db, drug)
    return found.pack_size if found else None


def _generic(call: Call, drug: str) -> str:
    found = registry.drug(call.db, drug)
    return found.generic_name if found else ""
