"""``shanyao journal``: what an auditor does with the chain, beside an open counter and on another machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import cli
from app.commands.journal import KINDS
from app.storage import device
from app.storage.guard import Guard
from engine.calendar import CHINA
from tests.fakes import fake_counter
from tests.fakes.fake_counter import NOW, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "counter.key").write_text(fake_counter.KEY.hex() + "\n", encoding="ascii")
    bench = Bench(tmp_path)
    bench.till.start()
    first = bench.demonstration.tour[0].group
    for stop in bench.demonstration.tour:
        if stop.group == first:
            bench.till.demonstrate(stop)
    bench.settle()
    yield bench
    bench.close()


def run(bench: Bench, *command: str) -> int:
    return cli.main(["journal", *command, "--data", str(bench.path.parent)])


def test_commands_that_read_work_beside_an_open_counter_and_those_that_write_are_refused(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = Guard(tmp_path / "counter.lock")
    where = ["--data", str(tmp_path)]

    assert run(bench, "verify") == 0
    assert run(bench, "show") == 0
    assert cli.main(["backup", "list", *where]) == 0
    assert cli.main(["bundle", "export", str(tmp_path / "stick"), *where]) == 1
    assert cli.main(["bundle", "import", str(tmp_path / "x.syb"), *where]) == 1

    assert capsys.readouterr().err.count("已经开着一个柜台") == 2
    guard.release()


def test_showing_the_journal_names_nobody(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    person = bench.desk.draft.person
    assert person is not None

    assert run(bench, "show", "--from", "1", "--to", "1") == 0

    said = capsys.readouterr().out
    assert "01-000001" in said
    assert "个人 53.56" in said
    assert NOW.astimezone(CHINA).strftime("%Y-%m-%d %H:%M") in said
    assert person.name not in said
    assert person.cert_no not in said
    assert person.psn_no not in said


def test_an_export_is_verified_by_anybody_without_the_books(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "journal.jsonl"
    assert run(bench, "export", str(file)) == 0

    assert cli.main(["journal", "verify", str(file)]) == 0
    assert "链条完好" in capsys.readouterr().out


@pytest.mark.parametrize("change", ["edited", "cut", "without_end", "nonsense"])
def test_an_export_that_was_edited_or_cut_is_found_out(
    bench: Bench, tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "journal.jsonl"
    run(bench, "export", str(file))
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    texts = {
        "edited": [lines[0].replace("01-000001", "01-000009"), *lines[1:]],
        "cut": lines[1:],
        "without_end": lines[:-1],
        "nonsense": ["{}\n"],
    }
    file.write_text("".join(texts[change]), encoding="utf-8")

    assert cli.main(["journal", "verify", str(file)]) == 1
    said = capsys.readouterr()
    assert "不符" in said.out or "不能用" in said.err


def test_keys_of_the_till_are_in_no_export(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    private = device.current(bench.db).private
    run(bench, "export", str(file))

    assert private.hex() not in file.read_text(encoding="utf-8")


def test_every_kind_of_entry_is_shown_in_words() -> None:
    told = re.compile(r'^[A-Z_]+_KIND = "([a-z_]+)"$', re.MULTILINE)
    sources = [file.read_text(encoding="utf-8") for file in Path(cli.__file__).parent.rglob("*.py")]
    kinds = {kind for text in sources for kind in told.findall(text)}

    assert {"sale", "price_set", "refusal_report"} <= kinds
    assert kinds <= KINDS.keys()


def test_a_price_that_was_set_is_shown_with_what_it_was_and_by_whom(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.till.next_customer()
    drug = next(each for each in bench.demonstration.drugs if each.trade_name == "演之必")
    bench.till.enter(drug.barcode or "")
    bench.till.enter("售价 18.41")

    assert run(bench, "show", "--from", "2") == 0

    said = capsys.readouterr().out
    assert "定价\t" in said
    assert f"布洛芬缓释胶囊 0.3g×20粒 19.80 → 18.41 经手 {bench.desk.settings.operator}" in said
