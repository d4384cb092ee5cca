"""The command line: bad input gets a sentence, never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app import cli

ROOT = Path(__file__).parents[3]


def test_unknown_command_is_named_and_the_others_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sell"]) == 2

    assert "没有「sell」这个命令" in capsys.readouterr().err


def test_journal_of_no_database_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["journal", "verify", "--data", str(tmp_path)]) == 1

    assert "counter.db" in capsys.readouterr().err


def test_unforeseen_trouble_leaves_a_report_without_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_given: list[str]) -> int:
        raise RuntimeError("王秀英 330681")

    monkeypatch.setattr(cli, "_run", broken)

    assert cli.main([]) == cli.CRASHED

    said = capsys.readouterr().err
    report = Path(said.split("报告存在 ")[1].split("，请")[0])
    text = report.read_text(encoding="utf-8")
    report.unlink()
    assert "RuntimeError" in text
    assert "王秀英" not in said + text


def test_who_stops_listening_to_an_answer_is_told_of_no_accident() -> None:
    program = subprocess.Popen(
        [sys.executable, "-m", "app", "help"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert program.stdout is not None
    program.stdout.close()  # As ``| head`` does.

    assert program.communicate()[1] == b""
    assert program.returncode == 0


def test_command_line_loads_nothing_heavy_before_it_knows_what_is_asked() -> None:
    code = (
        "import app.cli, sys; print(sorted({'msgspec','sqlcipher3','httpx','reportlab'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
