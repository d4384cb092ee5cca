"""3501 to 3507: what a shop tells of its stock, and how the agency reads it (facts/wire, section 1.14).

Each record has a number of the shop's own, ``fixmedins_bchno``: under it the agency keeps it once, however
often it is sent, and by it a 3507 deletes it. Sales are built in ``engine.protocol.stock_sales``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Raw, Struct

from engine.catalogue import Drug
from engine.protocol.wire import ProtocolError, decode, encode, seconds, yuan
from engine.stock import Lot

COUNT, CHANGE, PURCHASE, SENT_BACK, SALE, CAME_BACK, DELETION = (
    "3501",
    "3502",
    "3503",
    "3504",
    "3505",
    "3506",
    "3507",
)
SALES_BATCH = "3505A"
SALES = (SALE, SALES_BATCH)
STOCK = (COUNT, CHANGE, PURCHASE, SENT_BACK, SALE, SALES_BATCH, CAME_BACK, DELETION)
MOST_RECORDS = 2_000
"""Records in one batch call; a till sends fewer."""

INVENTORY_TYPE: dict[str, str] = {
    COUNT: "1",
    CHANGE: "2",
    PURCHASE: "3",
    SENT_BACK: "3",
    SALE: "4",
    CAME_BACK: "4",
}
"""``inv_data_type`` of a 3507: what kind of record it deletes."""

ChangeKind: TypeAlias = Literal["lost", "damaged", "expired"]
CHANGE_TYPE: dict[ChangeKind, str] = {"lost": "101", "damaged": "102", "expired": "103"}
"""``inv_chg_type``: the national values are not published (not confirmed); a region's table replaces
these."""

_Number = Annotated[str, Meta(min_length=1, max_length=50)]
_Batch = Annotated[str, Meta(min_length=1, max_length=30)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]
_MOST = 1_000_000_000


class TraceCode(Struct, frozen=True):
    """Node ``drugtracinfo``: one box's trace code."""

    drug_trac_codg: Annotated[str, Meta(min_length=1, max_length=100)]


class _Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all records say of the drug."""

    med_list_codg: _Number
    fixmedins_hilist_id: _Number
    fixmedins_hilist_name: _Name
    fixmedins_bchno: _Batch
    rx_flag: str


class CountRecord(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """3501: what a stocktake found of a lot, in packs; pieces of opened packs are parts of one."""

    invdate: str
    inv_cnt: Decimal
    manu_lotnum: str | None = None
    manu_date: str | None = None
    expy_end: str | None = None
    memo: str | None = None


class ChangeRecord(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """3502: stock that went otherwise than by a sale."""

    inv_chg_type: str
    pric: Decimal
    cnt: Decimal
    inv_chg_time: str
    inv_chg_opter_name: str | None = None
    trdn_flag: str = "0"
    memo: str | None = None
    drugtracinfo: list[TraceCode] | TraceCode | None = None


class PurchaseRecord(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """3503, and 3504 for what went back to the supplier."""

    spler_name: _Name
    prodentp_name: _Name
    purc_retn_cnt: Decimal
    purc_retn_stoin_time: str
    purc_retn_opter_name: _Name
    manu_lotnum: str | None = None
    aprvno: str | None = None
    manu_date: str | None = None
    expy_end: str | None = None
    finl_trns_pric: Decimal | None = None
    dynt_no: str | None = None
    purc_invo_no: str | None = None
    medins_prod_purc_no: str | None = None
    prod_geay_flag: str = "0"


class SaleRecord(_Record, frozen=True, kw_only=True, omit_defaults=True):
    """3505, and 3506 for what came back: of one line, one lot."""

    manu_lotnum: str
    trdn_flag: str
    sel_retn_cnt: Decimal
    sel_retn_time: str
    sel_retn_opter_name: _Name
    prsc_dr_name: str | None = None
    phar_name: str | None = None
    phar_prac_cert_no: str | None = None
    hi_feesetl_type: str | None = None
    setl_id: str | None = None
    mdtrt_sn: str | None = None
    psn_no: str | None = None
    manu_date: str | None = None
    expy_end: str | None = None
    finl_trns_pric: Decimal | None = None
    rxno: str | None = None
    rx_circ_flag: str | None = None
    rtal_docno: str | None = None
    stoout_no: str | None = None
    drug_prod_barc: str | None = None
    medins_prod_sel_no: str | None = None
    MDTRT_SETL_TYPE: str | None = None
    memo: str | None = None
    drugtracinfo: list[TraceCode] | TraceCode | None = None


class DeletionRecord(Struct, frozen=True, kw_only=True):
    """3507: a record that was told wrongly."""

    fixmedins_bchno: _Batch
    inv_data_type: str


class StockRecord(Struct, frozen=True, kw_only=True):
    """A record as the agency keeps it; ``sale`` is the shop's number of the sale that it is of."""

    number: str
    drug: str
    count: Decimal
    body: str
    sale: str = ""
    codes: tuple[str, ...] = ()


def count_input(
    number: str, lot: Lot, drug: Drug, *, day: date, packs: Decimal, no_batch: str, why: str = ""
) -> str:
    """Return the ``input`` of a 3501."""
    record = CountRecord(
        **about(drug, number),
        invdate=day.isoformat(),
        inv_cnt=packs,
        manu_lotnum=lot.batch or no_batch,
        manu_date=_day(lot.made),
        expy_end=_day(lot.expires),
        memo=why or None,
    )
    return encode({"invinfo": record})


def change_input(
    number: str,
    lot: Lot,
    drug: Drug,
    kind: ChangeKind,
    *,
    count: Decimal,
    at: datetime,
    who: str,
    why: str,
    codes: tuple[str, ...] = (),
    split: bool = False,
    code_list: bool = True,
) -> str:
    """Return the ``input`` of a 3502; ``count`` is of packs, of pieces where ``split``."""
    record = ChangeRecord(
        **about(drug, number),
        inv_chg_type=CHANGE_TYPE[kind],
        pric=yuan(lot.cost or drug.price or 0),
        cnt=count,
        inv_chg_time=seconds(at),
        inv_chg_opter_name=who,
        trdn_flag="1" if split else "0",
        memo=why or None,
        drugtracinfo=told_codes(codes, code_list=code_list),
    )
    return encode({"invinfo": record})


def purchase_input(
    number: str, lot: Lot, drug: Drug, *, count: Decimal, at: datetime, who: str, no_batch: str
) -> str:
    """Return the ``input`` of a 3503."""
    record = PurchaseRecord(
        **about(drug, number),
        spler_name=lot.supplier or no_batch,
        prodentp_name=drug.maker or no_batch,
        purc_retn_cnt=count,
        purc_retn_stoin_time=seconds(at),
        purc_retn_opter_name=who,
        manu_lotnum=lot.batch or no_batch,
        aprvno=drug.approval or None,
        manu_date=_day(lot.made),
        expy_end=_day(lot.expires),
        finl_trns_pric=yuan(lot.cost) if lot.cost is not None else None,
        dynt_no=lot.note or None,
    )
    return encode({"purcinfo": record})


def sent_back_input(
    number: str, lot: Lot, drug: Drug, *, count: Decimal, at: datetime, who: str, invoice: str, no_batch: str
) -> str:
    """Return the ``input`` of a 3504."""
    record = PurchaseRecord(
        **about(drug, number),
        spler_name=lot.supplier or no_batch,
        prodentp_name=drug.maker or no_batch,
        purc_retn_cnt=count,
        purc_retn_stoin_time=seconds(at),
        purc_retn_opter_name=who,
        manu_date=_day(lot.made),
        expy_end=_day(lot.expires),
        finl_trns_pric=yuan(lot.cost) if lot.cost is not None else None,
        purc_invo_no=invoice or no_batch,
    )
    return encode({"purcinfo": record})


def deletion_input(number: str, infno: str) -> str:
    """Return the ``input`` of the 3507 that deletes the record ``number`` of transaction ``infno``."""
    return encode({"data": DeletionRecord(fixmedins_bchno=number, inv_data_type=INVENTORY_TYPE[infno])})


def about(drug: Drug, number: str) -> dict[str, str]:
    """Return what every record says of ``drug``, under its ``number``."""
    return {
        "med_list_codg": drug.code,
        "fixmedins_hilist_id": drug.shop_code or drug.code,
        "fixmedins_hilist_name": drug.generic_name,
        "fixmedins_bchno": number,
        "rx_flag": "1" if drug.prescription_only else "0",
    }


def shares(count: int, codes: tuple[str, ...], *, code_list: bool) -> list[tuple[int, tuple[str, ...]]]:
    """Divide ``count`` packs into records: one, or one for each box where a record holds one code only."""
    if code_list or not codes:
        return [(count, codes)]
    boxes: list[tuple[int, tuple[str, ...]]] = [(1, (code,)) for code in codes]
    return boxes if count == len(codes) else [*boxes, (count - len(codes), ())]


def told_codes(codes: tuple[str, ...], *, code_list: bool) -> list[TraceCode] | TraceCode | None:
    """Return trace codes as the region writes them: a list, or the one object of a record for one box."""
    if not codes:
        return None
    return [TraceCode(code) for code in codes] if code_list else TraceCode(codes[0])


def read_records(infno: str, raw: Raw) -> list[StockRecord]:
    """Return the records of a 3501 to 3506 as checked; raise ProtocolError for what is wrong with one."""
    node, form, many = _FORMS[infno]
    rows = decode(_node(node, many), raw, "交易输入 input")
    records = getattr(rows, node)
    if not many:
        return [_as_read(form, records, node)]
    if not 1 <= len(records) <= MOST_RECORDS:
        raise ProtocolError(f"{node} 应有 1 到 {MOST_RECORDS} 条，请分开发送。")
    return [_as_read(form, each, f"{node} 第 {place} 条") for place, each in enumerate(records, 1)]


def read_deletion(raw: Raw) -> DeletionRecord:
    """Return a 3507 as read; raise ProtocolError."""
    return decode(_Deletion, raw, "交易输入 input").data


class _Deletion(Struct, frozen=True):
    data: DeletionRecord


class _Inventory(Struct, frozen=True):
    invinfo: Raw


class _Purchase(Struct, frozen=True):
    purcinfo: Raw


class _Sale(Struct, frozen=True):
    selinfo: Raw


class _Sales(Struct, frozen=True):
    selinfoDetail: list[Raw]


_Form: TypeAlias = type[CountRecord] | type[ChangeRecord] | type[PurchaseRecord] | type[SaleRecord]
_FORMS: dict[str, tuple[str, _Form, bool]] = {
    COUNT: ("invinfo", CountRecord, False),
    CHANGE: ("invinfo", ChangeRecord, False),
    PURCHASE: ("purcinfo", PurchaseRecord, False),
    SENT_BACK: ("purcinfo", PurchaseRecord, False),
    SALE: ("selinfo", SaleRecord, False),
    SALES_BATCH: ("selinfoDetail", SaleRecord, True),
    CAME_BACK: ("selinfo", SaleRecord, False),
}
_COUNTED = ("inv_cnt", "cnt", "purc_retn_cnt", "sel_retn_cnt")
"""Where the count of a record stands, by its form."""


def _node(node: str, many: bool) -> type[_Inventory | _Purchase | _Sale | _Sales]:
    if many:
        return _Sales
    return {"invinfo": _Inventory, "purcinfo": _Purchase, "selinfo": _Sale}[node]  # type: ignore[return-value]


def _as_read(form: _Form, raw: Raw, where: str) -> StockRecord:
    read = decode(form, raw, where)
    codes = getattr(read, "drugtracinfo", None)
    listed = codes if isinstance(codes, list) else [codes] if codes is not None else []
    count = next(getattr(read, name) for name in _COUNTED if hasattr(read, name))
    if not count.is_finite() or not (count >= 0 if form is CountRecord else count > 0) or count > _MOST:
        raise ProtocolError(f"{where}的数量超出范围，请核对后重新发送。")
    return StockRecord(
        number=read.fixmedins_bchno,
        drug=read.med_list_codg,
        count=count,
        body=bytes(raw).decode(),
        sale=getattr(read, "rtal_docno", None) or "",
        codes=tuple(each.drug_trac_codg for each in listed),
    )


_SALES_BEGIN, _SALES_END = '{"selinfoDetail":[', "]}"


def joined_sales(texts: list[str]) -> str:
    """Return one ``input`` of a 3505A with the records of several, each as ``encode`` writes it."""
    if not all(each.startswith(_SALES_BEGIN) and each.endswith(_SALES_END) for each in texts):
        raise ValueError("only inputs of 3505A are joined")
    inner = (each[len(_SALES_BEGIN) : -len(_SALES_END)] for each in texts)
    return f"{_SALES_BEGIN}{','.join(inner)}{_SALES_END}"


class RecordResult(Struct, frozen=True, kw_only=True):
    """What became of one record of a batch: ``retRslt`` 1 is kept."""

    fixmedins_bchno: str
    retRslt: str = "1"
    msgRslt: str = ""


class _Results(Struct, frozen=True):
    result: list[RecordResult] = []


def results_output(results: list[RecordResult]) -> str:
    """Return the ``output`` of a stock transaction."""
    return encode(_Results(results))


def read_results(raw: Raw) -> dict[str, RecordResult]:
    """Return what became of each record, by its number; none where the platform says nothing more."""
    return {each.fixmedins_bchno: each for each in decode(_Results, raw, "进销存应答").result}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
