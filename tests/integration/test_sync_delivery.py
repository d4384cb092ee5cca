"""The outbox over a real socket to a real agency: once each, in order, through whatever the line does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from agency.web import make_web
from app.storage import catalogue, outbox, people, prescriptions, search, search_segments, stores
from app.storage.connection import Connection, open_database, transaction
from app.storage.migrations import migrate
from app.storage.outbox import Message
from app.sync.client import Accepted, AgencyClient, Question, Rejected, Unreachable, provider_sender
from app.sync.deliver import deliver_due, wait_after
from app.sync.pull import pull_news
from app.sync.worker import outlive
from engine.protocol.envelope import message_id
from engine.protocol.eprescription_seal import without_seal
from engine.protocol.news import news_input
from engine.protocol.profile import DEMONSTRATION, Credentials
from engine.protocol.settlement import settlement_input
from tests.fakes.agency_line import (
    NOW,
    SHAOXING,
    Bureau,
    Line,
    answering,
    as_told,
    claim_of,
    demonstration,
    draft_of,
    http,
    person,
)

SENDER = provider_sender(SHAOXING, "01")


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def line(bureau: Bureau) -> Iterator[Line]:
    made = Line(make_web(bureau.agency))
    yield made
    made.cut()


@pytest.fixture
def drugs(tmp_path: Path) -> Iterator[Connection]:
    made = catalogue.open_catalogue(tmp_path / "catalogue.db", bytes(32))
    yield made
    made.close()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    made = open_database(tmp_path / "till.db", bytes(32))
    migrate(made)
    yield made
    made.close()


def client_of(url: str, bureau: Bureau, secret: str = DEMONSTRATION.secret) -> AgencyClient:
    return AgencyClient(
        url=url,
        credentials=Credentials(paasid=DEMONSTRATION.paasid, secret=secret),
        clock=bureau.clock,
        timeout=httpx.Timeout(3.0),
    )


def queue_sale(db: Connection, name: str, first_serial: int) -> list[Message]:
    """Put the 2102 of each insured part of a person's sale into the outbox."""
    draft = draft_of(person(name))
    claim, answer = claim_of(draft, SHAOXING)
    parts = [each for each in answer.settlements if each.benefit != "self_pay"]
    messages = [
        Message(
            id=message_id(SHAOXING, NOW, serial),
            infno="2102",
            input=settlement_input(
                sale_number=f"S{first_serial}", made_at=NOW, draft=draft, claim=claim, settlement=part
            ),
            provider=SHAOXING,
            made_at=NOW,
            admdvs=person(name).region,
        )
        for serial, part in enumerate(parts, first_serial)
    ]
    with transaction(db):
        for message in messages:
            outbox.put(db, message)
    return messages


def states(db: Connection) -> dict[str, str]:
    return {each.id: each.state for each in outbox.recent(db, 100)}


def settled_at_agency(bureau: Bureau) -> list[str]:
    rows = bureau.db.execute("SELECT msgid FROM settlement ORDER BY setl_id").fetchall()
    return [row[0] for row in rows]


def deliver(db: Connection, client: AgencyClient, bureau: Bureau) -> int:
    return deliver_due(db, client, bureau.clock, operator="01", boundary=outlive).settled


def test_outbox_is_delivered_in_the_order_in_which_it_was_written(
    db: Connection, bureau: Bureau, line: Line
) -> None:
    ids = [each.id for each in (*queue_sale(db, "王秀英", 1), *queue_sale(db, "陈阿根", 10))]
    client = client_of(line.url, bureau)

    assert deliver(db, client, bureau) == len(ids) >= 3
    assert settled_at_agency(bureau) == ids
    assert set(states(db).values()) == {"accepted"}
    assert deliver(db, client, bureau) == 0
    client.close()


def test_agency_away_keeps_the_messages_and_back_again_settles_each_once(
    db: Connection, bureau: Bureau, line: Line
) -> None:
    client = client_of(line.url, bureau)
    queue_sale(db, "陈阿根", 1)
    assert deliver(db, client, bureau) == 1
    line.cut()
    queue_sale(db, "王秀英", 10)

    assert deliver(db, client, bureau) == 0
    assert outbox.counts(db) == (2, 0)
    waiting = outbox.waiting(db, 0, 9)[0]
    assert (waiting.attempts, waiting.next_attempt_at) == (1, NOW + timedelta(seconds=2))
    assert waiting.trouble.endswith("。")

    line.join()
    bureau.clock.pass_by(timedelta(seconds=3))
    assert deliver(db, client, bureau) == 2
    assert len(settled_at_agency(bureau)) == 3
    client.close()


def test_answer_that_got_lost_is_asked_for_again_under_the_same_id_and_settles_once(
    db: Connection, bureau: Bureau, line: Line
) -> None:
    messages = queue_sale(db, "陈阿根", 1)
    # The agency heard it and answered, but the till never learned of it.
    lost = client_of(line.url, bureau)
    first = lost.call(
        Question(id=messages[0].id, infno="2102", input=messages[0].input or "", admdvs=messages[0].admdvs),
        SENDER,
    )
    assert isinstance(first, Accepted)

    assert deliver(db, lost, bureau) == 1
    assert settled_at_agency(bureau) == [messages[0].id]
    assert outbox.recent(db, 1)[0].answer == first.answer
    lost.close()


def test_rejected_message_is_settled_as_such_and_the_next_one_flows(
    db: Connection, bureau: Bureau, line: Line
) -> None:
    good = queue_sale(db, "王秀英", 10)
    bad = msgspec.structs.replace(good[0], id=message_id(SHAOXING, NOW, 99), input='{"druginfo":{}}')
    with transaction(db):
        outbox.put(db, bad)
    later = queue_sale(db, "陈阿根", 20)
    client = client_of(line.url, bureau)

    deliver(db, client, bureau)

    assert states(db)[bad.id] == "rejected"
    assert {states(db)[each.id] for each in (*good, *later)} == {"accepted"}
    assert "缺少必填项" in next(each.trouble for each in outbox.recent(db, 9) if each.id == bad.id)
    client.close()


def test_later_message_of_a_person_waits_for_the_earlier_one_and_others_do_not(
    db: Connection, bureau: Bureau, line: Line
) -> None:
    wangs = queue_sale(db, "王秀英", 1)
    chens = queue_sale(db, "陈阿根", 10)
    with transaction(db):
        outbox.failed(db, wangs[0].id, "x", NOW + timedelta(minutes=5))
    client = client_of(line.url, bureau)

    round_ = deliver_due(db, client, bureau.clock, operator="01", boundary=outlive)

    assert settled_at_agency(bureau) == [each.id for each in chens]
    assert round_.next_at == NOW + timedelta(minutes=5)
    bureau.clock.pass_by(timedelta(minutes=5))
    deliver(db, client, bureau)
    assert settled_at_agency(bureau)[-2:] == [each.id for each in wangs]
    client.close()


def test_wait_doubles_from_two_seconds_to_five_minutes() -> None:
    seconds = [wait_after(attempts).total_seconds() for attempts in (0, 1, 2, 7, 8, 1000)]

    assert seconds == [2, 4, 8, 256, 300, 300]


def _echo(setlinfo: dict[str, object]) -> bytes:
    return http(msgspec.json.encode({"infcode": 0, "output": {"setlinfo": setlinfo}}))


SIGNED_IN = http(b'{"infcode":0,"output":{"signinoutb":{"sign_no":"1","sign_time":"x"}}}')
SOUND = {
    "setl_id": "1",
    "mdtrt_id": "2",
    "medfee_sumamt": 10,
    "fulamt_ownpay_amt": 0,
    "overlmt_selfpay": 0,
    "preselfpay_amt": 0,
    "inscp_scp_amt": 10,
    "hifp_pay": 4,
    "fund_pay_sumamt": 4,
    "psn_part_amt": 6,
    "psn_cash_pay": 6,
}
NONSENSE = {
    "a web page": http(b"<html>502</html>", "502 Bad Gateway", "text/html"),
    "a web page with status 200": http("<html>登录</html>".encode(), kind="text/html"),
    "no http at all": b"SSH-2.0-OpenSSH_9.2\r\n",
    "nothing": b"",
    "half an answer": http(b'{"infcode":0,"output":{}}')[:-9],
    "another json": http(b"[1,2,3]"),
    "no output": http(b'{"infcode":0}'),
    "an unknown status": http(b'{"infcode":42,"output":{}}'),
    "not utf-8": http(b'{"infcode":0,"output":{"setlinfo":{"x":"\xff"}}}'),
    "deep nesting": http(b'{"infcode":0,"output":' + b"[" * 20_000),
    "no sums": _echo({"medins_setl_id": "ID"}),
    "sums that contradict each other": _echo({**SOUND, "medins_setl_id": "ID", "hifp_pay": 5}),
    "another message's answer": _echo({**SOUND, "medins_setl_id": "P33068100001202611221000009999"}),
    "no settlement id": _echo({**SOUND, "medins_setl_id": "ID", "setl_id": None}),
    "amount that is no number": _echo({**SOUND, "medins_setl_id": "ID", "psn_part_amt": "六元"}),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_nonsense_is_never_applied_and_the_message_waits_with_a_sentence(
    db: Connection, bureau: Bureau, what: str
) -> None:
    message = queue_sale(db, "陈阿根", 1)[0]
    answer = NONSENSE[what]
    if b'"ID"' in answer:
        _head, _, body = answer.partition(b"\r\n\r\n")
        answer = http(body.replace(b'"ID"', f'"{message.id}"'.encode()))

    with answering(SIGNED_IN, answer) as url:
        client = client_of(url, bureau)
        assert deliver(db, client, bureau) == 0
        client.close()

    waiting = outbox.recent(db, 1)[0]
    assert (waiting.state, waiting.id, waiting.attempts, waiting.answer) == ("waiting", message.id, 1, None)
    assert waiting.trouble.endswith("。")
    assert "Error" not in waiting.trouble


def test_nonsense_to_one_message_does_not_hold_up_another_persons(db: Connection, bureau: Bureau) -> None:
    queue_sale(db, "王秀英", 1)
    chens = queue_sale(db, "陈阿根", 10)[0]
    sound = _echo({**SOUND, "medins_setl_id": chens.id})

    with answering(SIGNED_IN, NONSENSE["another json"], sound) as url:
        client = client_of(url, bureau)
        assert deliver(db, client, bureau) == 1
        client.close()

    assert states(db)[chens.id] == "accepted"


def test_wrong_secret_is_trouble_of_the_line_and_no_fault_of_the_message(
    db: Connection, bureau: Bureau, line: Line
) -> None:
    queue_sale(db, "陈阿根", 1)
    client = client_of(line.url, bureau, secret="wrong")

    assert deliver(db, client, bureau) == 0

    assert "签名" in outbox.recent(db, 1)[0].trouble
    assert outbox.counts(db) == (1, 0)
    client.close()


def test_sign_in_happens_once_a_day_and_again_the_next(bureau: Bureau, line: Line) -> None:
    client = client_of(line.url, bureau)
    for days in (0, 0, 1):
        bureau.clock.pass_by(timedelta(days=days))
        assert isinstance(client.ask("SY04", news_input(0, 1), SENDER), Accepted)

    signed_in = bureau.db.execute("SELECT count(*) FROM message WHERE infno = '9001'").fetchone()
    assert signed_in == (2,)
    client.close()


def test_unknown_shop_cannot_sign_in_and_says_so(bureau: Bureau, line: Line) -> None:
    client = client_of(line.url, bureau)

    with pytest.raises(Unreachable, match="没有这个定点医药机构"):
        client.ask("SY04", news_input(0), provider_sender("P99999999999", "01"))
    client.close()


def test_refused_question_is_an_answer(bureau: Bureau, line: Line) -> None:
    client = client_of(line.url, bureau)

    assert isinstance(client.ask("9999", "{}", SENDER), Rejected)
    client.close()


def test_news_that_leave_the_index_of_drugs_behind_have_it_made_anew_by_another(
    db: Connection, drugs: Connection, bureau: Bureau, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(line.url, bureau)
    asked: list[int] = []

    def make_index() -> None:
        asked.append(search_segments.versions(drugs)["recent"].drugs)

    pull_news(db, drugs, client, bureau.clock, sender=SENDER, make_index=make_index)
    assert asked == []
    monkeypatch.setattr(search, "MOST_RECENT", 20)
    pull_news(db, drugs, client, bureau.clock, sender=SENDER, make_index=make_index)

    assert asked == [catalogue.count(drugs)]  # Whether or not there was anything new.
    client.close()


def test_news_arrive_in_pages_and_an_interrupted_download_goes_on_where_it_was(
    db: Connection, drugs: Connection, bureau: Bureau, line: Line
) -> None:
    client = client_of(line.url, bureau)
    shown = demonstration()
    steps = iter([False, False, True])

    first = pull_news(
        db, drugs, client, bureau.clock, sender=SENDER, page_size=9, interrupted=lambda: next(steps)
    )
    rest = pull_news(db, drugs, client, bureau.clock, sender=SENDER, page_size=9)

    assert first == 18
    assert first + rest == sum(map(len, (shown.stores, shown.people, shown.drugs, shown.prescriptions)))
    assert len(stores.all(db)) == len(shown.stores)
    assert all(catalogue.by_code(drugs, drug.code) == drug for drug in shown.drugs)
    kept = [prescriptions.by_number(db, each.number) for each in shown.prescriptions]
    assert [without_seal(each) for each in kept if each] == list(shown.prescriptions)
    assert people.by_psn_no(db, shown.people[0].psn_no) == as_told(shown.people[0])
    assert pull_news(db, drugs, client, bureau.clock, sender=SENDER) == 0
    client.close()
