"""``shanyao knowledge``: what is known is told with its source, and wrong files by file, key and reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import cli
from app.knowledge import knowledge_texts


def test_the_list_says_how_much_is_known_and_how_much_was_never_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["knowledge", "list"]) == 0

    said = capsys.readouterr().out
    assert "相互作用" in said
    assert "最大日剂量" in said
    assert "条未与原文核对" in said


def test_a_drug_is_shown_with_doses_limits_interactions_and_sources(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["knowledge", "show", "辛伐他汀片"]) == 0

    said = capsys.readouterr().out
    assert "类别：他汀类调脂药" in said
    assert "最大日剂量（成人）：辛伐他汀 40 mg" in said
    assert "与红霉素、克拉霉素（禁忌）" in said
    assert "妊娠：妊娠期禁用" in said
    assert "辛伐他汀说明书 说明书【药物相互作用、禁忌】" in said


def test_an_unknown_drug_is_said_to_be_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["knowledge", "show", "不存在的药"]) == 1

    assert "知识里没有“不存在的药”" in capsys.readouterr().err


def test_a_sound_file_is_said_to_be_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "doses.toml"
    file.write_text(knowledge_texts()["doses.toml"], encoding="utf-8")

    assert cli.main(["knowledge", "check", str(file)]) == 0
    assert "doses.toml：没有问题。" in capsys.readouterr().out


def test_a_wrong_file_is_told_by_file_key_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "doses.toml"
    file.write_text(
        knowledge_texts()["doses.toml"].replace('"amlodipine"', '"amlodipin"', 1), encoding="utf-8"
    )

    assert cli.main(["knowledge", "check", str(file)]) == 1
    said = capsys.readouterr().err
    assert "doses.toml：dose[0].of：没有成分“amlodipin”" in said
    assert "知识文件没有采用" in said


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_gets_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    file = tmp_path / "doses.toml"
    if content is not None:
        file.write_bytes(content)

    assert cli.main(["knowledge", "check", str(file)]) == 1
    assert "UTF-8" in capsys.readouterr().err
