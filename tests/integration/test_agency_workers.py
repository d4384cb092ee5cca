"""Several processes are one agency: the limits, and what was answered to a message, are the database's."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from engine.person import Person
from engine.protocol.batch import batch_input
from engine.protocol.profile import DEMONSTRATION, headers
from engine.protocol.signin import sign_in_input
from tests.fakes.agency_line import NOW, PROFILE, Bureau, person
from tests.fakes.both_databases import on_postgres
from tests.fakes.enrolled_till import EnrolledTill
from tests.fakes.lease_counter import Counter, books_of, newcomer
from tests.fakes.postgres import Server

ROOT = Path(__file__).parents[2]
WORKERS = 4
_LIMIT = (
    120_000  # 绍政办发〔2023〕40号: 1200.00 yuan a year for two diseases; see the check that it is reached.
)


class Workers:
    """Four processes on one socket; ``send`` goes to whichever takes the connection."""

    def __init__(self, address: str) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}{PROFILE.path}"
        descriptor = self._listening.fileno()
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.fakes.agency_worker", str(descriptor), address],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(descriptor,),
                encoding="utf-8",
            )
            for _ in range(WORKERS)
        ]
        for process in self._processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

    def send(self, body: bytes) -> httpx.Response:
        signed = headers(PROFILE, DEMONSTRATION, int(NOW.timestamp()), "nonce")
        return httpx.post(
            self.url, content=body, headers={**signed, "Connection": "close"}, timeout=60, trust_env=False
        )

    def send_at_once(self, bodies: Sequence[bytes]) -> list[httpx.Response]:
        with ThreadPoolExecutor(len(bodies)) as people:
            return list(people.map(self.send, bodies))

    def stop(self) -> list[str]:
        """End them; return what each said."""
        said = [process.communicate()[0] for process in self._processes]
        self._listening.close()
        return said


@pytest.fixture
def bureau(postgres: Server, tmp_path: Path) -> Iterator[Bureau]:
    with on_postgres(postgres):
        made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def workers(bureau: Bureau) -> Iterator[Workers]:
    made = Workers(bureau.database._address)  # type: ignore[attr-defined]
    yield made
    made.stop()


def settled(said: httpx.Response) -> int:
    """Return what the fund pays by an accepted 2102, in fen."""
    answer = said.json()
    assert (said.status_code, answer["infcode"]) == (200, 0), said.text
    return round(answer["output"]["setlinfo"]["hifp_pay"] * 100)


def test_four_workers_at_once_never_pay_over_a_persons_limit(bureau: Bureau, workers: Workers) -> None:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    whose = newcomer(bureau, person("王秀英"))
    before = whose.snapshot.accumulators.fund_paid
    sold = [Counter(till, whose).sell(40, leased=False) for _ in range(32)]
    bodies = [till.body("2102", each.input, each.msgid) for each in sold if each is not None]
    assert sum(each.printed.fund for each in sold if each is not None) > 2 * _LIMIT

    paid = [settled(said) for said in workers.send_at_once(bodies)]

    assert len(paid) == 32
    assert before + sum(paid) == books_of(bureau, whose).paid.fund_paid == _LIMIT
    assert sum("2102 accepted" in said for said in workers.stop()) > 1, "several workers took part"


def test_copies_of_a_message_that_come_at_once_take_effect_once_and_get_one_answer(
    bureau: Bureau, workers: Workers
) -> None:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    whose = newcomer(bureau, person("王秀英"))
    sold = Counter(till, whose).sell(1, leased=False)
    assert sold is not None
    about_a_person = till.body("2102", sold.input, sold.msgid)
    about_nobody = till.body("9001", sign_in_input("01"))

    for body in (about_a_person, about_nobody):
        answers = workers.send_at_once([body] * 12)
        assert {said.status_code for said in answers} == {200}
        assert len({said.content for said in answers}) == 1

    rows = bureau.db.execute("SELECT COUNT(*) FROM settlement WHERE psn_no = ?", (whose.psn_no,)).fetchall()
    assert rows == [(1,)]


def test_people_in_opposite_orders_do_not_stand_in_each_others_way(bureau: Bureau, workers: Workers) -> None:
    till = EnrolledTill(bureau)
    assert till.enrol().refused == ""
    people = [newcomer(bureau, person("王秀英")) for _ in range(6)]
    batches = [batch(till, people if number % 2 else people[::-1]) for number in range(8)]

    answers = workers.send_at_once(batches)

    assert {said.status_code for said in answers} == {200}
    rows = bureau.db.execute("SELECT COUNT(*) FROM settlement").fetchall()
    assert rows == [(8 * 6,)]


def batch(till: EnrolledTill, people: Sequence[Person]) -> bytes:
    sold = [Counter(till, whose).sell(1, leased=False) for whose in people]
    inside = [till.body("2102", each.input, each.msgid) for each in sold if each is not None]
    return till.body("SY06", batch_input(inside))


def test_serve_keeps_its_workers_running_and_ends_them_with_itself(postgres: Server) -> None:
    address = postgres.address(postgres.template("served", lambda _address: None))
    command = [sys.executable, "-m", "agency", "serve", "--database", address, "--partitions", "2"]
    with subprocess.Popen(
        [*command, "--workers", "2", "--port", "0", "--until-stdin-closes"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = json.loads(process.stdout.readline())["url"] + PROFILE.path
        first = started(process.stderr)
        assert httpx.post(url, content=b"{}", trust_env=False, timeout=30).status_code == 401
        os.kill(first, signal.SIGKILL)
        others = {started(process.stderr), started(process.stderr)}
        assert httpx.post(url, content=b"{}", trust_env=False, timeout=30).status_code == 401
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0
        process.stderr.read()

    assert first not in others
    for each in others:
        with pytest.raises(ProcessLookupError):
            os.kill(each, 0)


def started(log: Iterator[str]) -> int:
    """Return the process that the log next tells of as started."""
    line = next(each for each in log if "Started server process" in each)
    return int(line.rpartition("[")[2].rstrip("]\n"))
