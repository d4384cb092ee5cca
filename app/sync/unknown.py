"""2601: what may have arrived, and cannot be sent twice, is cancelled before it goes again.

Only where the profile says so. The reference agency knows a message by its id, and is simply sent it again.
"""

from __future__ import annotations

from collections.abc import Callable

from app.clock import Clock
from app.storage import outbox
from app.storage.connection import Connection, transaction
from app.sync.client import AgencyClient, Rejected, Unreachable
from app.sync.settle import Sent, failure_of, resend
from engine.protocol.envelope import Sender
from engine.protocol.settlement import person_of
from engine.protocol.wire import encode

REVERSAL = "2601"


def reversal_input(psn_no: str, msgid: str, infno: str) -> str:
    """Return the ``input`` of a 2601 for the message ``msgid`` of transaction ``infno``."""
    return encode({"data": {"psn_no": psn_no, "omsgid": msgid, "oinfno": infno}})


def clear(
    db: Connection,
    client: AgencyClient,
    clock: Clock,
    sent: Sent,
    *,
    sender: Sender,
    note: Callable[[Unreachable], None],
) -> bool:
    """Have an unknown message cancelled; return whether it may go again, under an id of its own.

    Without the platform's yes it stays unknown and is asked about again later: sent anew it might settle
    twice.
    """
    message = sent.message
    asked = reversal_input(person_of(sent.text) or "", message.id, message.infno)
    try:
        reply = client.ask(REVERSAL, asked, sender, message.admdvs)
        if isinstance(reply, Rejected):
            raise Unreachable(f"冲正没有成功：{reply.text}")
    except Unreachable as error:
        note(error)
        with transaction(db):
            outbox.postpone(db, [failure_of(sent, error, clock.now(), repeats_safe=False)])
        return False
    with transaction(db):
        resend(db, message, client.fresh_id(sender), clock.now())
    return True
