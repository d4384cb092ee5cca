"""At the agency's desk: a code for a new till, and a stick that comes and goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agency.__main__ import main
from engine.protocol import bundle
from engine.protocol.bundle import Header, Item
from tests.fakes.agency_line import SHAOXING, Bureau, draft_of, paid_by_law, person
from tests.fakes.enrolled_till import EnrolledTill


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


def run(*arguments: object) -> int:
    return main([str(each) for each in arguments])


def brought(bureau: Bureau, folder: Path) -> tuple[EnrolledTill, Path]:
    """Return a till, and the file with a sale that it brought."""
    till = EnrolledTill(bureau)
    till.enrol()
    body = till.body("2102", paid_by_law(draft_of(person("王秀英")))[0][1])
    header = Header(
        direction="up", provider=SHAOXING, till="01", epoch=1, serial=3, made_at=bureau.clock.at, cursor=0
    )
    file = folder / "shanyao-up.syb"
    file.write_bytes(
        bundle.write(
            header, [Item("message", body)], private=till.private, to=till.agency_box_key, fresh=b"f" * 32
        )
    )
    return till, file


def test_a_code_from_the_desk_enrols_the_till_that_it_was_made_for(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("enrol", "--data", tmp_path, "--provider", SHAOXING, "--till", "07") == 0

    said = capsys.readouterr().out
    code = re.search(r"[A-Z0-9]{4}(-[A-Z0-9]{4}){2}", said)
    assert code is not None
    assert "07 号" in said
    assert EnrolledTill(bureau, till="07").enrol(code.group()).refused == ""


def test_no_code_is_made_for_a_shop_that_is_not_known(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("enrol", "--data", tmp_path, "--provider", "P99999999999", "--till", "01") == 3

    assert "没有发放登记码" in capsys.readouterr().err
    assert bureau.db.execute("SELECT count(*) FROM enrolment_code WHERE till <> '*'").fetchone()[0] == 0


def test_a_stick_is_taken_in_and_its_answers_lie_in_the_file_named(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    till, file = brought(bureau, tmp_path)
    out = tmp_path / "down.syb"

    assert run("bundle", "import", file, "--data", tmp_path, "--out", out) == 0

    said = capsys.readouterr().out
    assert "办理 1 条报文，其中拒绝 0 条" in said
    assert person("王秀英").name not in said
    reading = bundle.read(out.read_bytes(), private=till.box_private, key_of=lambda _header: till.agency_key)
    assert reading.verdict == "intact"
    assert reading.header is not None
    assert (reading.header.direction, reading.header.serial) == ("down", 3)
    assert next(item.kind for item in reading.items) == "answer"
    assert run("bundle", "import", file, "--data", tmp_path, "--out", out) == 0
    assert "以前导入过" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.part"))


def test_a_stick_is_shown_without_being_taken_in(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _till, file = brought(bureau, tmp_path)

    assert run("bundle", "show", file) == 0
    whole = capsys.readouterr().out
    file.write_bytes(file.read_bytes()[:-900])
    assert run("bundle", "show", file) == 0

    assert f"{SHAOXING} 的 01 号收银机第 1 期第 3 份" in whole
    assert "完整。" in whole
    assert "被截断" in capsys.readouterr().out
    assert bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0] == 0


@pytest.mark.parametrize(
    "content, word", [(b"", "不是山药的数据包"), (b"PK", "不是山药的数据包"), (None, "读不出来")]
)
def test_another_file_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, word: str
) -> None:
    file = tmp_path / "x.syb"
    if content is not None:
        file.write_bytes(content)

    assert run("bundle", "show", file) == 3
    assert run("bundle", "import", file, "--data", tmp_path, "--out", tmp_path / "down.syb") == 3

    assert capsys.readouterr().err.count(word) == 2
    assert not (tmp_path / "down.syb").exists()


def test_a_full_stick_loses_nothing_because_the_same_bundle_may_be_brought_again(
    bureau: Bureau, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _till, file = brought(bureau, tmp_path)
    nowhere = tmp_path / "no such folder" / "down.syb"

    assert run("bundle", "import", file, "--data", tmp_path, "--out", nowhere) == 3
    assert "重新导入同一份数据包" in capsys.readouterr().err
    assert run("bundle", "import", file, "--data", tmp_path, "--out", tmp_path / "down.syb") == 0
    assert bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0] == 1
