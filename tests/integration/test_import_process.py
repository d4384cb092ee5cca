"""An import runs in a process of its own: the counter sells on, and a cut or a stop leaves what was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest
from msgspec.structs import replace

from app.import_process import ImportStarter, IndexMaker
from app.importing.errors import ImportRunning, NothingToAnswer
from app.storage import intake, search_segments
from app.storage.connection import transaction
from app.storage.intake import Run
from app.storage.key import read_or_make
from app.usecases import shelf
from app.usecases.importing_state import ImportState
from tests.fakes.fake_counter import KEY, Bench
from tests.fakes.import_shop import AMLODIPINE, DRUGS, METFORMIN, table, text

PATIENCE_S = 60.0
CODE = AMLODIPINE["药品代码"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.delenv("SHANYAO_DATA", raising=False)
    (tmp_path / "counter.key").write_text(KEY.hex(), encoding="ascii")
    assert read_or_make(tmp_path / "counter.key", tmp_path / "none.db") == KEY
    made = Bench(tmp_path)
    made.till.start()
    starter = ImportStarter(tmp_path, None, lambda: "")
    made.desk.importer = starter
    yield made
    starter.stop()
    made.close()


def put(bench: Bench, name: str, rows: object) -> str:
    path = bench.path.with_name(name)
    path.write_text(text(table(rows)), encoding="utf-8")  # type: ignore[arg-type]
    return str(path)


def until(bench: Bench, holds: Callable[[ImportState], bool]) -> ImportState:
    """Ask how the import stands until ``holds``; as the window does, now and then."""
    end = monotonic() + PATIENCE_S
    while True:
        state = bench.till.import_state()
        if holds(state):
            return state
        assert monotonic() < end, state
        sleep(0.02)


def ended(bench: Bench) -> ImportState:
    return until(bench, lambda state: state.underway is None)


def many(count: int) -> list[dict[str, str]]:
    return [{**AMLODIPINE, "药品代码": f"XC08CAA012A0020101{n:05d}", "药品本位码": ""} for n in range(count)]


def test_the_counter_sells_while_a_file_is_imported_and_then_has_the_drugs(bench: Bench) -> None:
    held = bench.till.catalogue().holdings.drugs
    drug = next(each for each in bench.demonstration.drugs if not each.prescription_only and each.price)

    assert bench.till.take_file(put(bench, "库.csv", [*DRUGS, *many(2_000)])).underway is not None
    bench.till.enter(drug.barcode or drug.code)
    bench.till.tender("1000")
    assert bench.till.settle().settled is not None

    state = ended(bench)
    assert (state.finished, state.again) == ("national", False)
    assert bench.till.catalogue().holdings.drugs == held + 2_003
    first = bench.till.catalogue().kinds[0]
    assert (first.kind, first.name, first.rows, first.added) == ("national", "库.csv", 2_003, 2_003)


def test_a_second_import_waits_for_the_first(bench: Bench) -> None:
    path = put(bench, "库.csv", many(2_000))
    bench.till.take_file(path)

    with pytest.raises(ImportRunning):
        bench.till.take_file(path)


def test_how_far_it_is_is_told_in_rows(bench: Bench) -> None:
    bench.till.take_file(put(bench, "库.csv", many(30_000)))

    state = until(bench, lambda state: state.underway is None or state.underway.done > 0)

    assert state.underway is not None
    assert 0 < state.underway.done <= state.underway.of
    assert state.underway.of in (30_000, 30_001)
    assert state.underway.name == "库.csv"


@pytest.mark.parametrize("rows", [1, 8_000, 20_000])
def test_stopped_at_any_moment_it_leaves_the_catalogue_as_it_was(bench: Bench, rows: int) -> None:
    before = bench.catalogue.execute("SELECT * FROM drug ORDER BY code").fetchall()
    bench.till.take_file(put(bench, "库.csv", many(60_000)))
    until(bench, lambda state: state.underway is not None and state.underway.done >= rows)

    state = bench.till.stop_import()

    assert state.trouble is not None
    assert "和导入前一样" in state.trouble[0]
    assert bench.catalogue.execute("SELECT * FROM drug ORDER BY code").fetchall() == before
    assert intake.runs(bench.catalogue, 9) == []
    assert bench.catalogue.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_process_that_dies_says_so_and_changed_nothing(bench: Bench) -> None:
    bench.till.take_file(put(bench, "库.csv", many(60_000)))
    until(bench, lambda state: state.underway is not None and state.underway.done > 0)
    bench.desk.importer.stop()  # type: ignore[attr-defined]

    state = ended(bench)

    assert state.trouble is not None
    assert "中途停了" in state.trouble[0]


def test_an_import_that_was_done_when_it_was_stopped_is_said_to_be_done(bench: Bench) -> None:
    """Whoever stops it as it commits must not be told that nothing changed."""
    bench.till.take_file(put(bench, "库.csv", many(2_000)))
    until(bench, lambda state: state.underway is not None and state.underway.phase != "looking")
    while not intake.runs(bench.catalogue, 1):
        sleep(0.02)

    state = bench.till.stop_import()

    assert (state.finished, state.trouble) == ("national", None)


def test_what_was_imported_long_ago_is_still_known_to_have_been(bench: Bench) -> None:
    """The agency is asked every day; the shop's own table was imported a year ago."""
    shop = Run(
        at=bench.desk.now(), kind="shop", name="商品.csv", digest="", rows=9, added=9, changed=0, unchanged=0,
        delisted=0, doubtful=0, refused=0,
    )  # fmt: skip
    with transaction(bench.catalogue):
        intake.note_run(bench.catalogue, shop, ())
        for _day in range(260):
            intake.note_run(bench.catalogue, replace(shop, kind="1312"), ())

    rows = bench.till.catalogue().kinds

    assert [(row.kind, row.rows) for row in rows if row.run] == [("1312", 9), ("shop", 9)]
    assert bench.till.import_report(rows[1].run).kind.name == "商品.csv"


def test_a_question_is_put_and_the_answer_goes_on(bench: Bench) -> None:
    bench.till.take_file(put(bench, "库.csv", DRUGS))
    ended(bench)
    bench.till.take_file(put(bench, "部分.csv", [{**METFORMIN, "药品企业": "乙"}]))
    asked = ended(bench).asking
    assert asked is not None
    assert [option for option, _words in asked.choices] == ["part", "yes"]

    bench.till.answer_import("part")

    assert ended(bench).finished == "national"
    row = bench.till.catalogue().kinds[0]
    assert (row.changed, row.delisted) == (1, 0)
    with pytest.raises(NothingToAnswer):
        bench.till.answer_import("part")


def test_a_shop_s_own_table_is_shown_by_its_columns_and_then_imported_and_remembered(bench: Bench) -> None:
    drug = bench.demonstration.drugs[0]
    path = bench.path.with_name("商品.csv")
    path.write_text(text([["甲", "售价"], [drug.code, "98.70"]]), encoding="gb18030")

    bench.till.take_file(str(path))
    mapping = ended(bench).mapping
    assert mapping is not None
    assert [column.field for column in mapping.columns] == ["code", "price"]

    bench.till.map_columns((("code", "1"), ("price", "2")))
    assert ended(bench).finished == "shop"
    bench.till.enter(drug.code)
    assert bench.desk.draft.lines[-1].unit_price == 9_870

    bench.till.take_file(str(path))
    assert ended(bench).again

    bench.till.name_columns(str(path))  # Columns that were named wrongly once are not wrong for ever.
    assert ended(bench).mapping == mapping


def test_a_refused_file_says_why_and_the_report_lists_each_row(bench: Bench) -> None:
    bench.till.take_file(str(bench.path.with_name("没有.csv")))
    trouble = ended(bench).trouble
    assert trouble is not None
    assert "没有这个文件" in trouble[0]

    bench.till.take_file(put(bench, "库.csv", [*DRUGS, {**AMLODIPINE, "药品代码": "X1"}]))
    ended(bench)
    report = bench.till.import_report(bench.till.catalogue().kinds[0].run)
    assert [(row.line, row.severity) for row in report.remarks] == [(5, "refused")]
    written = Path(bench.till.write_import_report(report.kind.run, str(bench.path.parent)))
    assert "没有导入" in written.read_text(encoding="utf-8-sig")


def test_what_the_shop_prices_itself_is_among_the_packs_of_one_ingredient(bench: Bench) -> None:
    """So a cheaper way is found whether the agency or the shop has set its price."""
    priced = next(each for each in bench.demonstration.drugs if each.price and each.code.startswith("X"))
    other = f"{priced.code[:10]}A001010109999"
    path = bench.path.with_name("商品.csv")
    path.write_text(text([["国家编码", "品名", "售价"], [other, "同类药", "0.10"]]), encoding="utf-8")
    bench.till.take_file(str(path))
    mapping = ended(bench).mapping
    assert mapping is not None
    bench.till.map_columns((("code", "1"), ("name", "2"), ("price", "3")))
    ended(bench)

    found = shelf.of_same_ingredient(bench.desk, priced.code, 32)

    assert found[0].code == other
    assert priced.code in {drug.code for drug in found}


def test_the_index_is_made_anew_by_another_process_while_the_counter_finds_on(
    bench: Bench, tmp_path: Path
) -> None:
    found = [hit.key for hit in bench.till.search("al")]
    assert "main" not in search_segments.versions(bench.catalogue)
    maker = IndexMaker(tmp_path)
    maker.start()
    maker.start()  # One at a time.

    assert [hit.key for hit in bench.till.search("al")] == found
    assert maker.wait() == 0
    assert set(search_segments.versions(bench.catalogue)) >= {"main"}
    assert "recent" not in search_segments.versions(bench.catalogue)
    assert [hit.key for hit in bench.till.search("al")] == found
