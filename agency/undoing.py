"""2601: take back what a message did of which the till does not know whether it ever arrived."""

from __future__ import annotations

from msgspec import Raw
from msgspec.structs import replace

from agency import settling, trueup
from agency.books import at_its_place, open_books
from agency.calls import Call
from agency.storage import dispensed, messages, settlements, sums
from agency.storage.settlements import Settlement
from engine.adjudicate import added_by, plus
from engine.protocol.envelope import decode_answer
from engine.protocol.reversal import REVERSIBLE, Undone, UndoRequest, UndoResult, read_undo, undo_output
from engine.protocol.settled import read_settled
from engine.protocol.settlement import read_settlement
from engine.protocol.wire import ProtocolError

_TEXTS: dict[Undone, str] = {
    "reversed": "原报文已经办理，现已冲正。",
    "refused": "原报文当时没有办成，不需要冲正。",
    "never_arrived": "没有收到过原报文；今后再收到也不会办理。",
    "already": "原报文先前已经冲正或撤销，没有再次办理。",
}


def undo(call: Call) -> str:
    """2601: undo a 2102 or 2103 by its message id, and refuse it for ever after."""
    asked = read_undo(call.request.input)
    if asked.oinfno not in REVERSIBLE:
        raise ProtocolError("只有 2102 和 2103 可以冲正，请核对 oinfno。", "not_reversible")
    if not asked.omsgid.startswith(call.request.fixmedins_code):
        raise ProtocolError("原报文是别的机构发送的，请由原机构冲正。", "wrong_provider")
    first = messages.answered(call.db, asked.psn_no, asked.omsgid)
    if first is None:
        messages.cancel(call.db, asked.psn_no, asked.omsgid, asked.oinfno, at=call.now)
        return _told(asked, "never_arrived")
    if first.digest == messages.CANCELLED:
        return _told(asked, "already")
    outcome, setl_id = _undone(call, asked, first.answer)
    if outcome != "refused":
        messages.cancel(call.db, asked.psn_no, asked.omsgid, asked.oinfno, at=call.now)
    return _told(asked, outcome, setl_id)


def _told(asked: UndoRequest, outcome: Undone, setl_id: str | None = None) -> str:
    return undo_output(
        UndoResult(omsgid=asked.omsgid, outcome=outcome, text=_TEXTS[outcome], setl_id=setl_id)
    )


def _undone(call: Call, asked: UndoRequest, answer: str) -> tuple[Undone, str | None]:
    response = decode_answer(answer.encode())
    if not response.accepted:
        return "refused", None
    if asked.oinfno == "2103":
        facts = read_settled(response.output, expected_id=None).facts
        reversed_ = facts.reverses if facts else None
        made = settlements.settlement(call.db, asked.psn_no, reversed_) if reversed_ else None
    else:
        made = settlements.of_message(call.db, asked.psn_no, asked.omsgid)
    if made is None:
        raise ProtocolError("原报文不是 oinfno 所说的交易，请核对后重新发送。", "not_reversible")
    in_force = made.reversed_by is None
    if in_force == (asked.oinfno == "2103"):
        return "already", made.setl_id
    if in_force:
        settling.take_back(call, made, to_come_again=True)
    else:
        _put_back(call, made)
    return "reversed", made.setl_id


def _put_back(call: Call, made: Settlement) -> None:
    """Put a settlement that was reversed in force again, if what it held is still left of every limit."""
    key = (made.psn_no, made.year, made.benefit)
    books = open_books(call.db, *key)
    place = at_its_place(call.db, books, made.settled_at)
    left = replace(books.effective(), deductible_paid=max(0, place.deductible_paid))
    most = added_by(call.law.answer(replace(made.claim, accumulators=left)), made.claim.parameters)
    if made.added.fund_paid > most.fund_paid or made.added.fund_paid_class_b > most.fund_paid_class_b:
        raise ProtocolError("撤销之后限额已另作他用，原结算不能恢复，请重新结算。", "limit_used")
    settlements.mark_reversed(call.db, made.psn_no, made.setl_id, None)
    sums.write(call.db, *key, plus(books.paid, made.added))
    dispensed.save(call.db, made.setl_id, settling.given(made, read_settlement(Raw(made.input.encode()))))
    trueup.mark(call.db, psn_no=made.psn_no, year=made.year, benefit=made.benefit, cause=trueup.LATE)
    trueup.run(call.db, call.law, made.psn_no, call.now)
