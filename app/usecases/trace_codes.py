"""Trace codes at the counter: which boxes still lack theirs, and which drug a scanned one is of.

A catalogue seldom says how the trace codes of a drug begin. So a code that it does not know is taken for the
box that was pointed out beside it, by its barcode or its line; from then on the shop's own records know the
beginning. That the first digits mean the product is not published (facts/wire 4.1): where the records
disagree, nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.stock_rules import rules_of
from app.storage import runs, sales, stock_boxes, stock_watch
from app.usecases import shelf
from app.usecases.desk import Desk
from app.usecases.stock_errors import TraceCodesNeeded
from engine.catalogue import Drug
from engine.prescription import Finding
from engine.sale import BasketLine, Draft, Store
from engine.scan import trace_barcode


def lacking(desk: Desk, store: Store, draft: Draft) -> dict[str, int]:
    """Return by line how many boxes still lack their code, of drugs that have them.

    What has none is left out: kinds of drugs by the region's rules, and old stock on the uncoded list.
    """
    kinds, day, provider = rules_of(store.provider.region).no_codes, desk.today(), store.provider.id
    return {
        line.id: line.boxes - len(line.trace_codes)
        for line in draft.lines
        if line.boxes > len(line.trace_codes)
        and not line.drug.code.startswith(kinds)
        and not stock_watch.may_lack_codes(desk.db, provider, line.drug.code, day)
    }


def check(desk: Desk, store: Store, draft: Draft, *, insured: bool) -> None:
    """Raise TraceCodesNeeded where the region asks for codes before an insured settlement, and one lacks."""
    rules = rules_of(store.provider.region)
    if not insured or rules.insured_from is None or desk.today() < rules.insured_from:
        return
    needed = _named(draft, lacking(desk, store, draft))
    if needed:
        raise TraceCodesNeeded(drugs=needed)


def wanted(desk: Desk, store: Store, draft: Draft) -> Iterator[Finding]:
    """Ask for the codes of a sale that nobody insures, too, once all of them are to be told."""
    rules = rules_of(store.provider.region)
    if draft.person is not None or rules.all_from is None or desk.today() < rules.all_from:
        return
    needed = _named(draft, lacking(desk, store, draft))
    if needed:
        text = f"还没有采集追溯码：{needed}。自费的也要逐盒扫码上传；确实没有码的，登记到无码库。"
        yield Finding("attention", "codes_wanted", text, rules.clause)


def _named(draft: Draft, lacks: dict[str, int]) -> str:
    return "、".join(
        f"{line.drug.generic_name} {lacks[line.id]} {line.drug.unit}"
        for line in draft.lines
        if line.id in lacks
    )


def drug_of_box(desk: Desk, code: str) -> Drug | None:
    """Return what is in the box with a trace code: as it came in, else by the code's own beginning."""
    box = stock_boxes.box(desk.db, code)
    if box is not None:
        return shelf.by_code(desk, box.drug)
    barcode = trace_barcode(code)
    if barcode is not None:
        return shelf.by_barcode(desk, barcode)
    known = shelf.by_trace_code(desk, code)
    if known is not None:
        return known
    learned = _learned(desk, code[: shelf.TRACE_PREFIX_LENGTH])
    return shelf.by_code(desk, learned) if learned is not None else None


def _learned(desk: Desk, prefix: str) -> str | None:
    """Return the drug of the boxes whose codes begin with ``prefix``: as received, else as sold before.

    None for none, and where two of them are of different drugs.
    """
    found = stock_boxes.drugs_beginning(desk.db, prefix)
    if not found:
        found = {
            line.drug.code
            for journal in runs.sales_beginning(desk.db, prefix)
            for line in sales.read(desk.db, journal).draft.lines
            if any(code.startswith(prefix) for code in line.trace_codes)
        }
    return found.pop() if len(found) == 1 else None


def line_without(draft: Draft, line_id: str | None, code: str) -> BasketLine | None:
    """Return the line ``line_id`` where a box of it lacks its code and ``code`` may be the one."""
    line = next((each for each in draft.lines if each.id == line_id), None)
    if line is None or line.split or line.boxes <= len(line.trace_codes):
        return None
    return line if not line.trace_codes or same_beginning(code, line.trace_codes) else None


def same_beginning(code: str, codes: tuple[str, ...]) -> bool:
    """Tell whether ``code`` begins as one of ``codes`` does: boxes of one product do."""
    length = shelf.TRACE_PREFIX_LENGTH
    return any(code[:length] == each[:length] for each in codes)
