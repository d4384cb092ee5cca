"""7206: what was sold on a prescription. What the nation has no field for travels in ``data.expContent``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.money import Fen
from engine.prescription import Prescription, is_from_platform
from engine.prescription_use import Given, line_for
from engine.protocol import codes
from engine.protocol.wire import decode, encode, fen_of, parse_seconds, seconds, whole, yuan
from engine.sale import BasketLine, Sale, insured_settlements
from engine.stock import LotUse

MOST_LINES = 500
MOST_PACKS = 1_000_000
_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_Text = Annotated[str, Meta(max_length=2000)]


class SoldFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``data.expContent`` of a 7206: whose prescription, which sale, all its settlements.

    ``pieces`` are how many smallest units a pack has, by the codes of drugs of which one was split; ``names``
    what the prescription calls drugs whose generic name it does not have.
    """

    psn_no: str = ""
    sale: str = ""
    settlements: tuple[str, ...] = ()
    pieces: dict[str, int] = {}
    names: dict[str, str] = {}


class SoldData(Struct, frozen=True, kw_only=True):
    """Node ``data`` of 7206."""

    hi_rxno: _Id
    phar_name: _Text
    phar_certno: _Text
    phar_prac_cert_no: _Text
    dspeer_name: _Text
    dspeer_certno: _Text
    pro_name: _Text
    pro_certno: _Text
    sel_retn_time: str
    download_ide_code: _Text
    payMode: str
    fund_pay_sumamt: Decimal
    psn_part_amt: Decimal
    acct_pay: Decimal
    psn_cash_pay: Decimal
    setl_time: str
    phar_cert_type: str = codes.CERT_TYPE_ID
    dspeer_cert_type: str = codes.CERT_TYPE_ID
    pro_cert_type: str = codes.CERT_TYPE_ID
    hi_feesetl_type: str = codes.NOT_INSURED
    setl_id: str | None = None
    memo: str | None = None
    expContent: str | None = None


class SoldLine(Struct, frozen=True, kw_only=True):
    """A row of node ``selinfo``: what was taken from one lot for one line."""

    med_list_codg: _Id
    fixmedins_hilist_id: _Text
    fixmedins_hilist_name: _Text
    drug_dosform: _Text
    drug_spec: _Text
    manu_lotnum: _Text
    prdr_name: _Text
    rx_flag: str
    trdn_flag: str
    finl_trns_pric: Decimal
    sel_retn_cnt: Decimal
    drug_cnt_unit: _Text
    sumamt: Decimal
    manu_date: str = ""
    expy_end: str | None = None
    drug_genname: _Text = ""
    drug_prodname: _Text | None = None
    aprvno: _Text | None = None
    bchno: _Text | None = None
    drug_trac_codg: _Text | None = None
    drug_prod_barc: _Text | None = None


class SoldOnPrescription(Struct, frozen=True, kw_only=True):
    """A 7206 as read and checked."""

    number: str
    psn_no: str
    sale: str
    at: datetime
    settlements: tuple[str, ...]
    download_id: str
    given: tuple[SoldLine, ...]
    pieces: dict[str, int] = {}
    names: dict[str, str] = {}


class _SoldIn(Struct, frozen=True):
    data: SoldData
    selinfo: Annotated[tuple[SoldLine, ...], Meta(min_length=1, max_length=MOST_LINES)]


def is_told(sale: Sale) -> bool:
    """Tell whether the platform hears of ``sale``: it dispensed what one of its prescriptions says."""
    prescription = sale.draft.prescription
    return (
        prescription is not None
        and is_from_platform(prescription)
        and any(_is_on(prescription, line) for line in sale.draft.lines)
    )


def write_off_input(sale: Sale, setl_ids: Sequence[str] = (), fund: Fen = 0) -> str:
    """Return the ``input`` of the 7206 of a sale on a prescription.

    ``setl_ids`` are those of its settlements, of which the funds bear ``fund`` in all. Raises ValueError
    without a prescription.
    """
    prescription = _prescription_of(sale)
    signed = sale.draft.signed
    name, licence = (signed.pharmacist, signed.licence) if signed else (sale.operator, "")
    answer = sale.answer
    lines = [line for line in sale.draft.lines if _is_on(prescription, line)]
    region = sale.draft.person.region if sale.draft.person else ""
    here = region[:4] == sale.store.provider.region[:4]
    data = SoldData(
        hi_rxno=prescription.number,
        phar_name=name,
        phar_certno=licence,
        phar_prac_cert_no=licence,
        dspeer_name=sale.operator,
        dspeer_certno="",
        pro_name=sale.operator,
        pro_certno="",
        sel_retn_time=seconds(sale.made_at),
        # Without a download of its own (brought along for offline use) its number tells which it is.
        download_ide_code=prescription.download_id or prescription.number,
        payMode=_pay_mode(sale, setl_ids),
        hi_feesetl_type=(codes.INSURED_HERE if here else codes.INSURED_ELSEWHERE)
        if setl_ids
        else codes.NOT_INSURED,
        setl_id=setl_ids[0] if setl_ids else None,
        fund_pay_sumamt=yuan(fund),
        psn_part_amt=yuan(answer.total - fund),
        acct_pay=yuan(0),
        psn_cash_pay=yuan(answer.total - fund),
        setl_time=seconds(sale.made_at),
        expContent=encode(
            SoldFacts(
                psn_no=prescription.psn_no or "",
                sale=sale.number,
                settlements=tuple(setl_ids),
                pieces={each.drug.code: each.drug.pack_size or 1 for each in lines if each.split},
                names={each.drug.code: each.prescribed_as for each in lines if each.prescribed_as},
            )
        ),
    )
    rows = tuple(row for line in lines for row in _sold(line))
    return encode(_SoldIn(data=data, selinfo=rows))


def read_write_off(raw: Raw) -> SoldOnPrescription:
    """Return a 7206 as checked; raise ProtocolError for what is missing, or amounts that are wrong."""
    told = decode(_SoldIn, raw, "交易输入 input")
    data = told.data
    facts = decode(SoldFacts, data.expContent, "data.expContent") if data.expContent else SoldFacts()
    for name in ("fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay"):
        fen_of(getattr(data, name), name)
    for row in told.selinfo:
        whole(row.sel_retn_cnt, f"{row.med_list_codg} 的 sel_retn_cnt", MOST_PACKS)
        fen_of(row.sumamt, "sumamt")
    parse_seconds(data.setl_time, "setl_time")
    return SoldOnPrescription(
        number=data.hi_rxno,
        psn_no=facts.psn_no,
        sale=facts.sale or data.memo or data.download_ide_code,
        at=parse_seconds(data.sel_retn_time, "sel_retn_time"),
        settlements=facts.settlements or ((data.setl_id,) if data.setl_id else ()),
        download_id=data.download_ide_code,
        given=told.selinfo,
        pieces=facts.pieces,
        names=facts.names,
    )


def given_in(sold: SoldOnPrescription, provider: str, pack_sizes: dict[str, int | None]) -> Iterator[Given]:
    """Yield what a 7206 says was dispensed; ``pack_sizes`` go before what the shop says of a split pack."""
    for row in sold.given:
        split = row.trdn_flag == "1"
        size = pack_sizes.get(row.med_list_codg) or sold.pieces.get(row.med_list_codg)
        yield Given(
            provider=provider,
            sale=sold.sale,
            at=sold.at,
            drug=row.med_list_codg,
            name=sold.names.get(row.med_list_codg) or row.drug_genname,
            quantity=int(row.sel_retn_cnt),
            pack_size=max(1, size or 1) if split else 1,
        )


def _prescription_of(sale: Sale) -> Prescription:
    prescription = sale.draft.prescription
    if prescription is None:
        raise ValueError("a sale without a prescription has no write-off")
    return prescription


def _pay_mode(sale: Sale, setl_ids: Sequence[str]) -> str:
    if not setl_ids:
        return codes.SELF_PAID
    whole_insured = len(insured_settlements(sale.answer)) == len(sale.answer.settlements)
    return codes.INSURED if whole_insured else codes.MIXED


def _is_on(prescription: Prescription, line: BasketLine) -> bool:
    return line_for(prescription.lines, line.drug.code, line.name_on_prescription) is not None


def _sold(line: BasketLine) -> Iterator[SoldLine]:
    """Yield a row for each box of which the trace code is known, and one for the rest of each lot."""
    codes_left = list(line.trace_codes)
    taken = [(lot, lot.quantity) for lot in line.lots]
    unknown = line.quantity - sum(quantity for _lot, quantity in taken)
    for lot, quantity in (*taken, (None, unknown)):
        boxes = 0 if line.split else min(quantity, len(codes_left))
        for _ in range(boxes):
            yield _row(line, 1, lot, codes_left.pop(0))
        if quantity > boxes:
            yield _row(line, quantity - boxes, lot, codes_left[0] if line.split and codes_left else None)


def _row(line: BasketLine, quantity: int, lot: LotUse | None, trace: str | None) -> SoldLine:
    drug = line.drug
    amount: Fen = quantity * line.unit_price
    return SoldLine(
        med_list_codg=drug.code,
        fixmedins_hilist_id=drug.shop_code or drug.code,
        fixmedins_hilist_name=drug.generic_name,
        drug_genname=drug.generic_name,
        drug_prodname=drug.trade_name,
        drug_dosform=drug.form,
        drug_spec=drug.spec,
        aprvno=drug.approval or None,
        manu_lotnum=lot.batch if lot else "",
        prdr_name=drug.maker,
        manu_date=lot.made.isoformat() if lot and lot.made else "",
        expy_end=lot.expires.isoformat() if lot and lot.expires else None,
        rx_flag="1" if drug.prescription_only else "0",
        trdn_flag="1" if line.split else "0",
        finl_trns_pric=yuan(line.unit_price),
        drug_trac_codg=trace,
        drug_prod_barc=drug.barcode,
        sel_retn_cnt=Decimal(quantity),
        drug_cnt_unit=(drug.pack_unit or drug.unit) if line.split else drug.unit,
        sumamt=yuan(amount),
    )
