"""The agency over a real socket and as a real process: what it takes and refuses, how it starts and stops."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from agency.web import LARGEST_BODY, make_web
from engine.protocol.profile import DEMONSTRATION, headers
from engine.protocol.reconciliation import FileTold, download_input, upload_input
from engine.protocol.settlement import reversal_input
from engine.protocol.signin import sign_in_input
from engine.protocol.statement import detail_file
from tests.fakes.agency_line import NOW, PROFILE, SHAOXING, Bureau, Line, draft_of, paid_by_law, person

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def url(bureau: Bureau) -> Iterator[str]:
    line = Line(make_web(bureau.agency))
    yield line.url + PROFILE.path
    line.cut()


def post(url: str, body: bytes, **header: str) -> httpx.Response:
    signed = headers(PROFILE, DEMONSTRATION, int(NOW.timestamp()), "nonce")
    return httpx.post(url, content=body, headers={**signed, **header}, trust_env=False)


def test_a_whole_sale_and_its_reversal_over_http(bureau: Bureau, url: str) -> None:
    said = [post(url, bureau.body("9001", sign_in_input("01"))).json()]
    for _settlement, asked in paid_by_law(draft_of(person("王秀英")), SHAOXING):
        said.append(post(url, bureau.body("2102", asked)).json())
    info = said[-1]["output"]["setlinfo"]
    undo = reversal_input(psn_no=info["psn_no"], mdtrt_id=info["mdtrt_id"], setl_id=info["setl_id"])
    said.append(post(url, bureau.body("2103", undo)).json())

    assert len(said) >= 4
    assert [each["infcode"] for each in said] == [0] * len(said)


def test_repeated_message_gets_the_same_bytes_over_http(bureau: Bureau, url: str) -> None:
    body = bureau.body("2102", paid_by_law(draft_of(person("王秀英")), SHAOXING)[0][1])

    assert post(url, body).content == post(url, body).content


def test_uploaded_file_comes_back_as_the_bytes_it_was(bureau: Bureau, url: str) -> None:
    content = detail_file([])
    told = post(url, bureau.body("9101", upload_input("detail.zip", content, SHAOXING))).json()["output"]
    file = FileTold(**told["fileinfo"])

    answer = post(url, bureau.body("9102", download_input(file, SHAOXING)))

    assert answer.headers["content-type"] == "application/zip"
    assert answer.content == content


def test_body_over_the_limit_is_refused_with_a_sentence(url: str) -> None:
    said = post(url, b"{" + b" " * LARGEST_BODY)

    assert (said.status_code, said.json()["err_code"]) == (200, "too_large")


def test_unsigned_call_is_unauthorized_in_the_same_envelope(bureau: Bureau, url: str) -> None:
    said = post(url, bureau.body("9001", sign_in_input("01")), **{"x-tif-signature": "0" * 64})

    assert (said.status_code, said.json()["infcode"]) == (401, -1)


@pytest.mark.parametrize("method, path, status", [("GET", "", 405), ("POST", "/elsewhere", 404)])
def test_wrong_method_and_wrong_path_get_a_sentence(url: str, method: str, path: str, status: int) -> None:
    said = httpx.request(method, url + path, trust_env=False)

    assert said.status_code == status
    assert said.json()["err_msg"].endswith("。")


def test_a_bug_is_answered_with_a_sentence_and_no_traceback(
    bureau: Bureau, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(bureau.agency, "_carry_out", broken)
    said = post(url, bureau.body("9001", sign_in_input("01")))

    assert said.status_code == 500
    assert "没有办理" in said.json()["err_msg"]
    assert "secret detail" not in said.text


def serve(data: Path, *more: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "agency", "serve", "--data", str(data), *more],
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


def test_process_says_where_it_listens_and_ends_when_its_input_closes(tmp_path: Path) -> None:
    with serve(
        tmp_path, "--port", "0", "--demonstration", "--until-stdin-closes", stdin=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        said = httpx.post(url + PROFILE.path, content=b"{}", trust_env=False)
        assert process.stdin is not None
        process.stdin.close()

        assert said.json()["err_code"] == "signature"
        assert process.wait(20) == 0
        assert process.stderr is not None
        log = process.stderr.read()
        assert "signature 401" in log
        assert "Traceback" not in log


def test_port_in_use_is_a_sentence_and_status_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = serve(tmp_path, "--port", port)
        said, trouble = process.communicate(timeout=20)

    assert (process.returncode, said) == (3, "")
    assert f"端口 {port} 不能使用" in trouble
    assert "Traceback" not in trouble


@pytest.mark.parametrize("damage", ["not a database at all " * 400, "SQLite format 3\0" + "x" * 8000])
def test_damaged_database_is_a_sentence_and_status_3_and_stays_as_it_is(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "agency.db"
    file.write_text(damage, encoding="ascii")

    process = serve(tmp_path, "--port", "0")
    _said, trouble = process.communicate(timeout=20)

    assert process.returncode == 3
    assert "数据库" in trouble
    assert "Traceback" not in trouble
    assert file.read_text(encoding="ascii") == damage
