"""Questions about prescriptions: 7201 and 7203 for a code, 7202 and 5205 for a person, 7203 for a choice.

What comes is checked against the key of the platform that this till has pinned, and kept.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta

from msgspec import Raw
from msgspec.structs import replace

from app.clock import Clock
from app.storage import device, dispensed, findings, prescriptions
from app.storage.connection import Connection, transaction
from app.sync.client import AgencyClient, Rejected, Reply, Unreachable
from app.usecases.ports import RxAnswer, RxAsk, RxByCode, RxChosen, RxWaiting
from engine.person import Person
from engine.prescription_use import Standing, State
from engine.protocol.envelope import Sender
from engine.protocol.eprescription import qr_input, read_qr, read_waiting, waiting_input
from engine.protocol.eprescription_content import download_input, read_content
from engine.protocol.eprescription_seal import is_authentic
from engine.protocol.history import HistoryRequest, history_input, read_history
from engine.protocol.wire import ProtocolError

LOOKED_BACK = timedelta(days=366)
"""As long a history as the review of a prescription asks for."""

_STATES: dict[str, State] = {
    "prescription_used": "used",
    "prescription_withdrawn": "withdrawn",
    "prescription_expired": "expired",
}
"""How a prescription stands that the platform refuses to tell again."""

FORGED = (
    "处方的内容与平台签章不符，没有采用。请不要按它配药，在「处方」（F3）里上报，并请参保人找开方机构核对"
)


class Refused(Exception):
    """The platform answered no."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def answer(db: Connection, client: AgencyClient, clock: Clock, asked: RxAsk, sender: Sender) -> RxAnswer:
    """Ask the platform, keep what it told, and return it; raise Unreachable without a sound answer."""
    try:
        if isinstance(asked, RxWaiting):
            return _waiting(db, client, clock, asked, sender)
        if isinstance(asked, RxByCode):
            return _by_code(db, client, clock, asked, sender)
        return _chosen(db, client, clock, asked, sender)
    except Refused as refused:
        if isinstance(asked, RxByCode):
            _note_state(db, asked.code, refused)
        return RxAnswer(asked=asked, trouble=refused.text.rstrip("。"), refused=refused.code or "refused")
    except ProtocolError as error:
        raise Unreachable(error.text) from error


def _waiting(
    db: Connection, client: AgencyClient, clock: Clock, asked: RxWaiting, sender: Sender
) -> RxAnswer:
    person = asked.person
    # A history that cannot be read keeps no prescription back: the review says up to when it is known.
    with contextlib.suppress(ProtocolError):
        _learn_history(db, client, clock, person, sender)
    told = _output(client.ask("7202", waiting_input(person), sender, person.region))
    return RxAnswer(asked=asked, waiting=read_waiting(told))


def _learn_history(
    db: Connection, client: AgencyClient, clock: Clock, person: Person, sender: Sender
) -> None:
    """Keep what others dispensed to a person (5205); a platform without that tells nothing."""
    now = clock.now()
    asked = HistoryRequest(psn_no=person.psn_no, begin=now - LOOKED_BACK)
    reply = client.ask("5205", history_input(asked), sender, person.region)
    if isinstance(reply, Rejected):
        return
    told = read_history(reply.output)
    if any(each.psn_no != person.psn_no for each in told):
        raise ProtocolError("用药记录是另一个人的，没有采用。请联系医保中心。")
    with transaction(db):
        dispensed.replace(db, person.psn_no, asked.begin, told)
        dispensed.known(db, [person.psn_no], now)


def _by_code(db: Connection, client: AgencyClient, clock: Clock, asked: RxByCode, sender: Sender) -> RxAnswer:
    parsed = read_qr(_output(client.ask("7201", qr_input(asked.code), sender)))
    region = parsed.insuplc_admdvs
    text = download_input(region=region, token=parsed.epc_token)
    told = _output(client.ask("7203", text, sender, region or None))
    return _taken(db, clock, asked, told, by=parsed.epc_token, code=asked.code)


def _chosen(db: Connection, client: AgencyClient, clock: Clock, asked: RxChosen, sender: Sender) -> RxAnswer:
    by = asked.waiting.auth_rxno
    text = download_input(region=asked.region, auth_rxno=by)
    told = _output(client.ask("7203", text, sender, asked.region))
    return _taken(db, clock, asked, told, by=by)


def _taken(
    db: Connection,
    clock: Clock,
    asked: RxByCode | RxChosen,
    told: Raw,
    *,
    by: str,
    code: str | None = None,
) -> RxAnswer:
    """Keep what was downloaded; one that is not authentic never takes the place of one that is."""
    pinned = device.pinned(db, asked.store.provider.id)
    key = pinned.agency_key if pinned else None
    downloaded = read_content(told, key)
    prescription = replace(downloaded.prescription, download_id=by)
    genuine = is_authentic(prescription, key) is not False
    before = None if genuine else prescriptions.by_number(db, prescription.number)
    with transaction(db):
        if before is None or is_authentic(before, key) is False:
            prescriptions.save(db, [prescription], code)
            if downloaded.standing is not None:
                prescriptions.save_standings(db, [downloaded.standing])
        if not genuine:
            text = f"处方 {prescription.number}（{prescription.issuer}）与平台签章不符，没有采用。"
            findings.note(db, "prescription_not_authentic", text, clock.now())
    if not genuine:
        return RxAnswer(asked=asked, trouble=FORGED, refused="prescription_not_authentic")
    return RxAnswer(asked=asked, prescription=prescription)


def _note_state(db: Connection, code: str, refused: Refused) -> None:
    """Remember of a prescription that is known here why the platform does not tell it again."""
    known, state = prescriptions.by_code(db, code), _STATES.get(refused.code)
    if known is None or state is None:
        return
    told = Standing(number=known.number, issued=known.issued, state=state, reason=refused.text)
    before = prescriptions.standing_of(db, known.number)
    if before is None or before.state != state:
        with transaction(db):
            prescriptions.save_standings(db, [told])


def _output(reply: Reply) -> Raw:
    if isinstance(reply, Rejected):
        raise Refused(reply.code, reply.text)
    return reply.output
