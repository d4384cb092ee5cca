"""What moved on the shelves arrives at the agency as the region writes it, each record once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

import app.storage.sale_texts
import app.usecases.stock_book
from app.stock_rules import rules_of
from app.storage import outbox
from app.usecases.stock_state import BroughtBack, LotChange
from engine.stock_rules import StockRules
from tests.fakes.agency_at_hand import Town
from tests.fakes.fake_leases import scan_first
from tests.fakes.stocked_shelves import box, free_drug, receive


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    yield made
    made.close()


def write_as(monkeypatch: pytest.MonkeyPatch, *, batch_sales: bool, code_list: bool) -> None:
    """Let the region write its records otherwise."""

    def rules(region: str) -> StockRules:
        return replace(rules_of(region), batch_sales=batch_sales, code_list=code_list)

    for user in (app.storage.sale_texts, app.usecases.stock_book):
        monkeypatch.setattr(user, "rules_of", rules)


def kept(town: Town) -> list[tuple[str, dict[str, object]]]:
    rows = town.bureau.db.execute("SELECT infno, body FROM stock_record ORDER BY number").fetchall()
    return [(infno, msgspec.json.decode(body)) for infno, body in rows]


def codes_of(record: dict[str, object]) -> list[str]:
    told = record.get("drugtracinfo", [])
    each = told if isinstance(told, list) else [told]
    return [code["drug_trac_codg"] for code in each]


@pytest.mark.parametrize("batch_sales", [True, False])
@pytest.mark.parametrize("code_list", [True, False])
def test_every_movement_arrives_once_in_the_region_s_own_form(
    town: Town, monkeypatch: pytest.MonkeyPatch, batch_sales: bool, code_list: bool
) -> None:
    write_as(monkeypatch, batch_sales=batch_sales, code_list=code_list)
    bench, till = town.bench, town.bench.till
    drug = free_drug(bench)
    boxes = tuple(box(drug, serial) for serial in (1, 2, 3, 4))
    receive(till, drug, "B1", "2029-05", codes=boxes, packs=5)
    receive(till, drug, "B2", "2029-06", packs=5, note="SH-2")
    for code in boxes[:2]:
        till.enter(code)
    settled = bench.settle().settled
    assert settled is not None
    till.bring_back(BroughtBack(sale=settled.number, line="1", quantity=2, why="拿错了", codes=boxes[:2]))
    till.change_lot(LotChange(kind="damaged", lot=1, packs=2, why="摔破", codes=boxes[2:]))
    till.change_lot(LotChange(kind="taken_back", lot=2, why="记错了"))
    till.set_count(1, "1", "")
    till.book_count("")
    scan_first(bench)
    bench.settle()

    town.deliver()
    town.deliver()

    assert {message.state for message in outbox.recent(bench.db, 99)} == {"accepted"}
    records = kept(town)
    sale = "3505A" if batch_sales else "3505"
    counts = Counter(infno for infno, _record in records)
    by_box = 1 if code_list else 2
    assert (counts["3501"], counts["3503"]) == (1, 2)
    for infno, moved in (("3502", boxes[2:]), ("3506", boxes[:2])):
        told = [record for kind, record in records if kind == infno]
        assert len(told) == by_box
        assert sorted(code for record in told for code in codes_of(record)) == list(moved)
    sold = [record for infno, record in records if infno == sale]
    assert len(sold) == len(records) - 3 - 2 * by_box
    free = [record for record in sold if record["med_list_codg"] == drug.code]
    assert sorted(code for record in free for code in codes_of(record)) == list(boxes[:2])
    assert sum(float(str(record["sel_retn_cnt"])) for record in free) == 2
    assert len(free) == by_box
    assert all(isinstance(record["drugtracinfo"], list) is code_list for record in free)
    insured = [record for record in sold if record["MDTRT_SETL_TYPE"] == "1"]
    assert insured
    assert all(record["setl_id"] for record in insured)
    (deleted,) = town.bureau.db.execute(
        "SELECT count(*) FROM stock_record WHERE deleted_at IS NOT NULL"
    ).fetchall()
    assert deleted[0] == 1
