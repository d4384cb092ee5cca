"""``shanyao catalogue``: beside an open counter, in words, with an exit status that a script can go by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app import cli
from app.importing.telling import Asked, Done, Failed, Look, Said
from app.storage.guard import Guard
from tests.fakes.fake_counter import KEY, Bench
from tests.fakes.import_shop import AMLODIPINE, DRUGS, METFORMIN, table, text

CODE = AMLODIPINE["药品代码"]
ASKED = 3


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("os.nice", lambda _: 0)  # This process is everybody's.
    (tmp_path / "counter.key").write_text(KEY.hex() + "\n", encoding="ascii")
    bench = Bench(tmp_path)
    bench.till.start()
    guard = Guard(tmp_path / "counter.lock")
    yield bench
    guard.release()
    bench.close()


def run(bench: Bench, *command: str) -> int:
    return cli.main(["catalogue", *command, "--data", str(bench.path.parent)])


def put(bench: Bench, name: str, rows: object) -> str:
    path = bench.path.with_name(name)
    path.write_text(text(table(rows)), encoding="utf-8")  # type: ignore[arg-type]
    return str(path)


def test_a_file_is_imported_beside_an_open_counter_and_told_in_words(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    report = bench.path.with_name("清单.csv")
    path = put(bench, "库.csv", [*DRUGS, {**AMLODIPINE, "药品代码": "X1"}])

    assert run(bench, "import", path, "--report", str(report)) == 0
    said = capsys.readouterr().out
    assert "国家医保药品数据库已导入，共 4 行：新增 3" in said
    assert "没有导入\t第 5 行\tX1" in said
    assert report.read_text(encoding="utf-8-sig").splitlines()[1].startswith("5,没有导入,")

    assert run(bench, "import", path) == 0
    assert "导入过" in capsys.readouterr().out


def test_what_would_delist_half_asks_with_a_status_of_its_own(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    run(bench, "import", put(bench, "库.csv", DRUGS))
    excerpt = put(bench, "部分.csv", [METFORMIN])

    assert run(bench, "import", excerpt) == ASKED
    asked = capsys.readouterr().err
    assert "--yes" in asked
    assert "--part" in asked
    assert run(bench, "import", excerpt, "--part") == 0
    assert run(bench, "import", excerpt, "--yes") == 0
    assert "下架 2" in capsys.readouterr().out


def test_a_drug_is_shown_with_its_listings_by_date_and_priced(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    run(bench, "import", put(bench, "库.csv", DRUGS))
    capsys.readouterr()

    assert run(bench, "show", CODE) == 0
    said = capsys.readouterr().out
    assert "2026-01-01 至 今\t全国\t甲类" in said
    assert "还没有售价" in said

    assert run(bench, "price", CODE, "12.6元") == 0
    assert run(bench, "show", "86900001000019") == 0
    assert "售价 12.60 元" in capsys.readouterr().out
    bench.till.enter(CODE)
    assert bench.desk.draft.lines[-1].unit_price == 1_260


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("show", "XC08CAA012A001010109999"), "目录里没有"),
        (("price", CODE, "十二"), "看不懂售价"),
        (("import", "没有.csv"), "没有这个文件"),
        (("import", "没有.csv", "--kind", "shop", "--mapping", "price"), "项=列"),
        (("fetch",), "没有设置医保中心"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    bench: Bench, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], words: str
) -> None:
    run(bench, "import", put(bench, "库.csv", DRUGS))
    capsys.readouterr()

    assert run(bench, *command) == 1
    assert words in capsys.readouterr().err


def test_the_last_imports_are_listed_with_what_was_doubtful(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bench, "report") == 0
    assert "还没有导入过目录" in capsys.readouterr().out

    run(bench, "import", put(bench, "库.csv", [{**AMLODIPINE, "批准文号": "国药准字H1"}]))
    capsys.readouterr()
    assert run(bench, "report", "--csv", str(bench.path.with_name("r.csv"))) == 0
    said = capsys.readouterr().out
    assert "国家医保药品数据库\t库.csv\t1 行\t新增 1" in said
    assert "存疑\t第 2 行" in said


def test_a_file_is_looked_at_without_being_imported(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    path = bench.path.with_name("商品.csv")
    path.write_text(text([["货号", "品名", "零售价"], ["A1", "药", "3"]]), encoding="gb18030")

    assert run(bench, "look", str(path)) == 0
    assert "3\t零售价\tprice\t3" in capsys.readouterr().out


def lines(capsys: pytest.CaptureFixture[str]) -> list[Said]:
    return [msgspec.json.decode(line, type=Said) for line in capsys.readouterr().out.splitlines()]


def test_the_counter_is_told_line_by_line(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    more = ("--progress", "json-lines")
    path = put(bench, "库.csv", DRUGS)
    assert run(bench, "look", path, *more) == 0
    assert run(bench, "import", path, *more) == 0
    assert run(bench, "import", put(bench, "部分.csv", [METFORMIN]), *more) == ASKED
    assert run(bench, "import", "没有.csv", *more) == 1

    said = lines(capfd)

    kinds = [type(each) for each in said]
    assert kinds[0] is Look
    assert [kind for kind in kinds if kind in (Done, Asked, Failed)] == [Done, Asked, Failed]
