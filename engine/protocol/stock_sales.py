"""3505: what a sale took from the shelves, insured or not, told from the sale's journal entry; 3506 takes
it back.

A record is of one line and one lot. Who bought is told by the agency's own number alone, and only of an
insured settlement: the national form asks for no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from engine.protocol.stock import SaleRecord, about, shares, told_codes
from engine.protocol.wire import encode, seconds, yuan
from engine.sale import BasketLine, Sale
from engine.stock import LotUse
from engine.stock_rules import StockRules

_SELF_PAID, _INSURED = "0", "1"
_NOT_DISPENSED = "无"


def record_count(sale: Sale, rules: StockRules) -> int:
    """Return how many records ``sale`` is told by."""
    return sum(len(_shares(line, rules)) for line in sale.draft.lines)


def sale_records(sale: Sale, rules: StockRules, setl_ids: Mapping[str, str]) -> list[SaleRecord]:
    """Return the records of ``sale``; ``setl_ids`` are the agency's settlement numbers by line id."""
    insured = {line for each in sale.answer.settlements if each.benefit != "self_pay" for line in each.lines}
    made = []
    for line in sale.draft.lines:
        for place, (use, count, codes) in enumerate(_shares(line, rules), 1):
            number = record_number(sale.number, line.id, place)
            setl_id = setl_ids.get(line.id)
            made.append(_record(sale, line, number, use, count, codes, line.id in insured, setl_id, rules))
    return made


def record_number(sale: str, line: str, place: int) -> str:
    """Return the shop's own number of a record: the same at every sending."""
    return f"X{sale}-{line}-{place}"


def batch_input(records: list[SaleRecord]) -> str:
    """Return the ``input`` of a 3505A."""
    return encode({"selinfoDetail": records})


def single_input(record: SaleRecord) -> str:
    """Return the ``input`` of a 3505 or 3506."""
    return encode({"selinfo": record})


def came_back_input(
    number: str,
    sale: Sale,
    line: BasketLine,
    use: LotUse | None,
    *,
    count: int,
    at: datetime,
    who: str,
    why: str,
    codes: tuple[str, ...],
    setl_id: str | None,
    rules: StockRules,
) -> str:
    """Return the ``input`` of a 3506: ``count`` of a line of ``sale`` were brought back."""
    record = SaleRecord(
        **about(line.drug, number),
        manu_lotnum=(use.batch if use else "") or rules.no_batch,
        trdn_flag="1" if line.split else "0",
        sel_retn_cnt=Decimal(count),
        sel_retn_time=seconds(at),
        sel_retn_opter_name=who,
        setl_id=setl_id,
        mdtrt_sn=sale.number,
        psn_no=sale.draft.person.psn_no if sale.draft.person and setl_id else None,
        manu_date=use.made.isoformat() if use and use.made else None,
        expy_end=use.expires.isoformat() if use and use.expires else None,
        finl_trns_pric=yuan(line.unit_price),
        rtal_docno=sale.number,
        medins_prod_sel_no=sale.number,
        memo=why or None,
        drugtracinfo=told_codes(codes, code_list=rules.code_list),
    )
    return single_input(record)


def _shares(line: BasketLine, rules: StockRules) -> list[tuple[LotUse | None, int, tuple[str, ...]]]:
    """Divide a line into records: by lot, and by box where a record holds one code only."""
    whole = list(_by_lot(line))
    if line.split:
        return whole
    return [
        (use, some, boxes)
        for use, count, codes in whole
        for some, boxes in shares(count, codes, code_list=rules.code_list)
    ]


def _by_lot(line: BasketLine) -> Iterator[tuple[LotUse | None, int, tuple[str, ...]]]:
    told = {code for use in line.lots for code in use.codes}
    rest = [code for code in line.trace_codes if code not in told]
    if line.split:
        for use in line.lots or (None,):
            yield use, use.quantity if use else line.quantity, line.trace_codes
        return
    for use in line.lots:
        room = max(0, use.quantity - len(use.codes))
        codes, rest = (*use.codes, *rest[:room]), rest[room:]
        yield use, use.quantity, codes
    lacking = line.quantity - sum(use.quantity for use in line.lots)
    if lacking:
        yield None, lacking, tuple(rest)


def _record(  # noqa: PLR0917
    sale: Sale,
    line: BasketLine,
    number: str,
    use: LotUse | None,
    count: int,
    codes: tuple[str, ...],
    insured: bool,
    setl_id: str | None,
    rules: StockRules,
) -> SaleRecord:
    prescription, signed, person = sale.draft.prescription, sale.draft.signed, sale.draft.person
    prescribed = prescription is not None and line.drug.prescription_only
    return SaleRecord(
        **about(line.drug, number),
        manu_lotnum=(use.batch if use else "") or rules.no_batch,
        trdn_flag="1" if line.split else "0",
        sel_retn_cnt=Decimal(count),
        sel_retn_time=seconds(sale.made_at),
        sel_retn_opter_name=sale.operator,
        prsc_dr_name=(prescription.doctor if prescription else "") or _NOT_DISPENSED,
        phar_name=signed.pharmacist if signed else sale.operator,
        phar_prac_cert_no=(signed.licence if signed else "") or _NOT_DISPENSED,
        hi_feesetl_type=_INSURED if insured else _SELF_PAID,
        setl_id=setl_id,
        mdtrt_sn=sale.number,
        psn_no=person.psn_no if person and insured else None,
        manu_date=use.made.isoformat() if use and use.made else None,
        expy_end=use.expires.isoformat() if use and use.expires else None,
        finl_trns_pric=yuan(line.unit_price),
        rxno=prescription.number if prescription and prescribed else None,
        rx_circ_flag="1" if prescribed else "0",
        rtal_docno=sale.number,
        stoout_no=sale.number,
        drug_prod_barc=line.drug.barcode,
        MDTRT_SETL_TYPE="1" if insured else "2",
        drugtracinfo=told_codes(codes, code_list=rules.code_list),
    )
