"""``shanyao quote`` and ``shanyao policy`` as whoever types them sees them."""

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.commands import policy, quote
from tests.fakes.policy_requests import CITIES, POLICIES, ask, changed

ROOT = Path(__file__).resolve().parents[2]
GOOD = json.dumps(CITIES["shaoxing-2019"](), ensure_ascii=False).encode()
LACKING = json.dumps(changed(CITIES["liaocheng-2025"](), {"parameters": {}})).encode()
BOM = b"\xef\xbb\xbf"


class Streams(io.TextIOWrapper):
    """Standard input or output that a test fills or reads as bytes."""

    def __init__(self, content=b""):
        super().__init__(io.BytesIO(content), encoding="utf-8")


@pytest.fixture
def shanyao(monkeypatch, capsys):
    def run(command, *arguments, stdin=b""):
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        out = Streams()
        monkeypatch.setattr(sys, "stdin", Streams(stdin))
        monkeypatch.setattr(sys, "stdout", out)
        status = command.run(parser.parse_args(arguments))
        out.flush()
        return status, out.buffer.getvalue().decode("utf-8"), capsys.readouterr().err

    return run


def test_one_request_has_one_answer(shanyao):
    status, out, _ = shanyao(quote, stdin=BOM + GOOD)

    assert status == 0
    assert json.loads(out) == ask(GOOD)
    assert "绍市医保" in out


def test_a_request_that_cannot_be_answered_ends_with_two(shanyao):
    status, out, _ = shanyao(quote, stdin=b"{}")

    assert status == 2
    assert json.loads(out)["error"]["code"] == "invalid_request"


def test_every_line_is_answered_in_its_place(shanyao):
    stdin = BOM + GOOD + b"\r\n\n  \n{broken\n" + LACKING + b"\n" + GOOD

    status, out, _ = shanyao(quote, "--jsonl", stdin=stdin)

    first, second, third, fourth = map(json.loads, out.splitlines())
    assert status == 2
    assert first == fourth == ask(GOOD)
    assert second["error"]["code"] == "invalid_request"
    assert third["error"]["code"] == "missing_parameter"


@pytest.mark.parametrize("stdin", [b"", b"\n\n", BOM])
def test_no_request_has_no_answer_and_no_trouble(shanyao, stdin):
    assert shanyao(quote, "--jsonl", stdin=stdin)[:2] == (0, "")


def test_a_long_line_arrives_in_many_pieces(shanyao):
    request = changed(CITIES["shaoxing-2019"](), {"lines.0.drug": "药" * 100_000})

    status, out, _ = shanyao(quote, "--jsonl", stdin=json.dumps(request).encode())

    assert status == 0
    assert json.loads(out)["fund"] == "7.50"


def test_an_agency_may_take_another_reading(shanyao):
    request = json.dumps(changed(CITIES["shaoxing-2019"](), {"patient.filed_diseases": []})).encode()

    _, out, _ = shanyao(quote, "--reading", "shaoxing-2019.filing=asked", stdin=request)

    assert json.loads(out)["refusals"][0]["code"] == "disease_not_filed"


@pytest.mark.parametrize("reading", ["filing", "shaoxing-2019.filing", "shaoxing-2019.filing=maybe"])
def test_a_reading_that_says_nothing_is_refused_in_a_sentence(shanyao, reading):
    status, out, err = shanyao(quote, "--reading", reading, stdin=GOOD)

    assert (status, out) == (1, "")
    assert "filing" in err
    assert "Traceback" not in err


def test_a_reader_who_leaves_ends_it_quietly():
    program = "import argparse, sys; from app.commands import quote; p = argparse.ArgumentParser();"
    program += "quote.add_arguments(p); sys.exit(quote.run(p.parse_args(['--jsonl'])))"
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        child.stdin.write(GOOD + b"\n")
        child.stdin.flush()
        answer = child.stdout.readline()  # Answered before the end of the input: the two can converse.
        child.stdout.close()
        _, err = child.communicate((GOOD + b"\n") * 100)

    assert json.loads(answer) == ask(GOOD)
    assert err == b""
    assert child.returncode == 1


def test_packs_are_listed_with_their_validity(shanyao):
    status, out, _ = shanyao(policy, "list")

    assert status == 0
    assert len(out.splitlines()) == len(CITIES)
    assert "2019-07-01 至 2023-12-31" in out
    assert "（草案）" in out


@pytest.mark.parametrize("pack", CITIES)
def test_a_pack_is_shown_with_numbers_sections_and_readings(shanyao, pack):
    status, out, _ = shanyao(policy, "show", pack)

    assert status == 0
    assert "支付比例" in out
    assert "核对于 2026-11-22" in out
    assert "✓ in_all" in out


def test_showing_another_reading_marks_it(shanyao):
    _, out, _ = shanyao(policy, "show", "liaocheng-2025", "--reading", "liaocheng-2025.class_b_pots=own")

    assert "✓ own" in out
    assert "各病种限额分别计算" in out


def test_a_pack_that_does_not_exist_is_answered_with_those_that_do(shanyao):
    status, _, err = shanyao(policy, "show", "atlantis-0001")

    assert status == 1
    assert "ezhou-2023、liaocheng-2025" in err


def test_the_packs_of_the_program_pass_the_check(shanyao):
    files = sorted(map(str, POLICIES.glob("*.toml")))

    assert shanyao(policy, "check", *files)[0] == 0
    assert shanyao(policy, "check", str(POLICIES / "wuxi-2019.toml"))[0] == 0
    assert shanyao(policy, "check", str(POLICIES / "national.toml"))[0] == 0


def test_a_policy_file_with_an_error_is_refused_with_file_key_and_reason(shanyao, tmp_path):
    file = tmp_path / "wuxi.toml"
    file.write_text(
        (POLICIES / "wuxi-2019.toml").read_text("utf-8").replace('"0.60"', '"6"'), encoding="utf-8"
    )

    status, out, err = shanyao(policy, "check", str(file))

    assert (status, out) == (1, "")
    assert f"{file}：ratio[0].ratio：" in err
    assert "共 3 处问题" in err


def test_a_file_that_is_no_text_or_is_not_there_is_refused_in_a_sentence(shanyao, tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")

    for name in ("a.toml", "b.toml"):
        status, _, err = shanyao(policy, "check", str(tmp_path / name))
        assert status == 1
        assert err.startswith("读不了")


def test_a_claim_is_explained_with_every_sum_and_section(shanyao):
    status, out, _ = shanyao(policy, "explain", stdin=GOOD)

    assert status == 0
    assert "慢性病门诊 · 高血压" in out
    assert "50.00" in out
    assert "【绍市医保〔2019〕26号 二（三）1】" in out
    assert "合计 100.00 元 = 基金 7.50 + 救助 0.00 + 个人 92.50" in out


def test_a_refusal_is_explained_with_what_to_do_next(shanyao):
    wuxi = json.dumps(changed(CITIES["wuxi-2019"](), {"provider.kind": "retail_pharmacy"})).encode()
    line_refused = json.dumps(changed(CITIES["ezhou-2023"](), {"lines.0.in_scope": False})).encode()

    assert "约定的基层医疗机构" in shanyao(policy, "explain", stdin=wuxi)[1]
    assert "第 1 行：" in shanyao(policy, "explain", stdin=line_refused)[1]


@pytest.mark.parametrize("stdin", [b"{}", LACKING])
def test_what_cannot_be_explained_is_said_in_a_sentence(shanyao, stdin):
    status, out, _ = shanyao(policy, "explain", stdin=stdin)

    assert status == 2
    assert out.endswith("。\n")


def test_a_new_file_is_checked_beside_the_packs_that_it_would_join(shanyao, tmp_path):
    twin = tmp_path / "twin.toml"
    text = (POLICIES / "shaoxing-2023.toml").read_text(encoding="utf-8")
    twin.write_text(text.replace('id = "shaoxing-2023"', 'id = "shaoxing-2024"'), encoding="utf-8")

    status, _, err = shanyao(policy, "check", str(twin))

    assert status == 1
    assert "shaoxing-2023" in err


def test_a_file_that_is_not_there_is_said_in_chinese(shanyao, tmp_path):
    status, _, err = shanyao(policy, "check", str(tmp_path / "none.toml"))

    assert status == 1
    assert "没有这个文件" in err


def test_a_number_on_which_the_document_is_silent_says_so(shanyao):
    status, out, _ = shanyao(policy, "show", "ezhou-2023")

    assert status == 0
    assert "文件没有规定这个数" in out
