"""1301, 1312, 1316, 1318 and 1319: the registry's drugs as a platform tells them, all and what changed.

A page is of so many drugs; one with several rows has them together. A drug is its own entry of the list:
its ``hilist_code`` is its code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from agency.calls import Call
from agency.reconciliation import keep
from agency.storage import registry
from engine.catalogue import Drug, Listing
from engine.money import format_ratio, format_yuan
from engine.protocol.catalogue_pages import (
    PAGES,
    FileOffered,
    catalogue_file,
    offered_output,
    page_output,
    read_page_request,
    read_version,
)
from engine.protocol.catalogue_rows import ListProfile, region_code

__all__ = ["PAGES", "download", "entries", "limits", "matches", "shares"]

MOST_IN_A_FILE = 20_000
_PROFILE = ListProfile()
_LEVELS = {"A": "01", "B": "02", "C": "03"}
_INSURANCES = {None: "0", "employee": "310", "resident": "390"}
_LONG_AGO = date(2000, 1, 1)
_TYPES = {kind: type_ for type_, kind in _PROFILE.limits.items()}
_SLICES, _DRUGS = "102", "101"
Rows = Iterator[dict[str, Any]]


def download(call: Call) -> str:
    """1301: offer the drugs that changed since a version as a file, the oldest changes first."""
    version = read_version(call.request.input)
    since = int(version) if version.isascii() and version.isdigit() else 0
    found = registry.drugs_by_change(call.db, since, MOST_IN_A_FILE)
    content = catalogue_file((_drug_row(number, drug) for number, drug in found), _PROFILE)
    told = keep(call, f"1301-{found[-1][0] if found else since}.zip", content)
    return offered_output(
        FileOffered(
            file_qury_no=told.file_qury_no,
            filename=told.filename,
            dld_end_time=told.dld_endtime,
            data_cnt=len(found),
        )
    )


def entries(call: Call) -> str:
    """1312: how each drug is listed where and when."""
    return _page(call, _entry_rows)


def matches(call: Call) -> str:
    """1316: which entry each drug is listed under."""
    return _page(call, None)


def limits(call: Call) -> str:
    """1318: payment standards."""
    return _page(call, _limit_rows)


def shares(call: Call) -> str:
    """1319: what the patient pays first."""
    return _page(call, _share_rows)


def _page(call: Call, rows_of: Callable[[Drug, Listing, dict[str, Any]], Rows] | None) -> str:
    asked = read_page_request(call.request.input)
    days = registry.days_of_changes(call.db)
    since = max((change for change, day in days if day < asked.updt_time), default=0)
    start = (asked.page_num - 1) * asked.page_size
    found = registry.drugs_by_code(call.db, since, asked.page_size, start)
    rows: list[dict[str, Any]] = []
    for number, drug in found:
        updated = next((day for change, day in days if number <= change), call.today if days else _LONG_AGO)
        if rows_of is None:
            rows.append(_match_row(drug, updated))
            continue
        gone = registry.withdrawn(call.db, drug.code)
        for listing, valid in (*((each, "1") for each in drug.listings), *((each, "0") for each in gone)):
            rows += rows_of(drug, listing, _common(drug.code, listing, updated, valid))
    return page_output(rows, asked, registry.count_drugs(call.db, since))


def _common(code: str, row: Listing, updated: date, valid: str) -> dict[str, Any]:
    return {
        "hilist_code": code,
        "insu_admdvs": region_code(row.region),
        "begndate": row.begins.isoformat(),
        "enddate": row.ends.isoformat() if row.ends else None,
        "vali_flag": valid,
        "updt_time": f"{updated.isoformat()} 00:00:00",
    }


def _entry_rows(drug: Drug, row: Listing, told: dict[str, Any]) -> Rows:
    yield {
        **told,
        "hilist_name": drug.generic_name,
        "chrgitm_lv": _LEVELS[row.klass] if row.in_scope else _LEVELS["C"],
        "lmt_used_flag": "1" if row.scope else "0",
        "list_type": _list_type(drug),
        "memo": row.scope,
    }


def _limit_rows(_drug: Drug, row: Listing, told: dict[str, Any]) -> Rows:
    if row.payment_standard is not None:
        amount = format_yuan(row.payment_standard)
        yield {**told, "hilist_lmtpric_type": _TYPES["standard"], "hilist_pric_uplmt_amt": amount}


def _share_rows(_drug: Drug, row: Listing, told: dict[str, Any]) -> Rows:
    yield {
        **told,
        "selfpay_prop_psn_type": _INSURANCES[row.insurance],
        "selfpay_prop": format_ratio(row.first_self_pay_bp),
    }


def _match_row(drug: Drug, updated: date) -> dict[str, Any]:
    begins = min((row.begins for row in drug.listings), default=_LONG_AGO)
    return {
        "med_list_codg": drug.code,
        "hilist_code": drug.code,
        "list_type": _list_type(drug),
        "insu_admdvs": region_code(""),
        "begndate": begins.isoformat(),
        "enddate": None,
        "vali_flag": "1",
        "updt_time": f"{updated.isoformat()} 00:00:00",
    }


def _list_type(drug: Drug) -> str:
    return _SLICES if drug.code.startswith("T") else _DRUGS


def _drug_row(number: int, drug: Drug) -> dict[str, str]:
    return {
        "医疗目录编码": drug.code,
        "药品商品名": drug.trade_name or "",
        "药品通用名": drug.generic_name,
        "注册名称": drug.generic_name,
        "药品本位码": drug.standard_code or "",
        "剂型": drug.form,
        "规格": drug.strength or drug.spec,
        "注册剂型": drug.form,
        "注册规格": drug.spec,
        "非处方药标志": "0" if drug.prescription_only else "1",
        "最小包装数量": "" if drug.pack_size is None else str(drug.pack_size),
        "最小制剂单位": drug.pack_unit,
        "最小包装单位": drug.unit,
        "生产企业": drug.maker,
        "批准文号": drug.approval,
        "有效标志": "1" if drug.on_market else "0",
        "版本号": str(number),
    }
