"""The courier: one thread with its own database connection that talks to the agency; nobody waits for it.

It delivers the outbox on start, when poked and when a message falls due, brings what is new, looks people up
and has baskets computed. Questions of the person at the counter go before deliveries and downloads.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import TypeVar

from app.clock import Clock
from app.errors import DatabaseBusy, UserError
from app.storage import cursor, device, outbox, stores
from app.storage.connection import Connection, transaction
from app.storage.instants import to_text
from app.sync import ask, prescriptions
from app.sync.client import AgencyClient, Unreachable
from app.sync.deliver import deliver_due, sender_of, wait_after
from app.sync.enrol import ensure, introduce
from app.sync.pull import pull_news
from app.sync.settle import LONGEST_WAIT
from app.usecases.ports import ClaimContext, Heard, PersonAnswer, RxAnswer, RxAsk
from engine.ids import Scan
from engine.protocol.envelope import Sender
from engine.sale import Store

Hear = Callable[[Heard], None]

WHILE_BUSY = timedelta(seconds=5)
PULL_EVERY = timedelta(seconds=60)
MARK_EVERY = timedelta(seconds=60)
_log = logging.getLogger("sync")
_AT_ONCE = timedelta(0)
_STUMBLED = "本机出错，没有查成，请稍后再扫一次"
T = TypeVar("T")


def outlive(step: Callable[[], T]) -> T | None:
    """Return what ``step`` returns, or None where a bug ended it; the log keeps the bug.

    The crash boundary of one message: the others go on. Raises UserError, which concerns them all.
    """
    try:
        return step()
    except UserError:
        raise
    except Exception:
        _log.exception("one step of the delivery failed")
        return None


class SyncWorker:
    """A ``Courier`` over HTTP. ``open_db``, ``open_drugs`` (the catalogue's) and ``open_client`` are called
    on its own thread.

    ``home`` is the provider number under which this till downloads what is new. ``code_for`` gives the code
    with which a shop enrols by itself, None where a person does that. ``make_index`` has the index of drugs
    made anew by another process.
    """

    def __init__(
        self,
        *,
        open_db: Callable[[], Connection],
        open_drugs: Callable[[], Connection],
        open_client: Callable[[], AgencyClient],
        clock: Clock,
        home: str,
        operator: str,
        pull_every: timedelta = PULL_EVERY,
        code_for: Callable[[str], str | None] = lambda _provider: None,
        make_index: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_db, self._open_drugs, self._open_client = open_db, open_drugs, open_client
        self._clock, self._home, self._operator = clock, home, operator
        self._pull_every, self._code_for, self._make_index = pull_every, code_for, make_index
        self._longest_wait = max(pull_every, LONGEST_WAIT)
        self._sending: frozenset[str] = frozenset()
        self._listeners: list[Hear] = []
        self._wake = threading.Condition()
        self._stopping = self._poked = False
        self._scans: deque[tuple[Store, Scan]] = deque()
        self._rx: deque[RxAsk] = deque()
        self._basket: ClaimContext | None = None
        self._online: bool | None = None
        self._offline_since: datetime | None = None
        self._fruitless = 0  # Rounds in a row in which nobody answered.
        self._next_pull: datetime | None = None  # None: at once.
        self._marked: datetime | None = None  # When it was last noted that the agency was heard.
        self._next_delivery: datetime | None = None  # None: when poked.
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    @property
    def online(self) -> bool | None:
        """Whether the agency answered last time; None before the first attempt."""
        return self._online

    @property
    def offline_since(self) -> datetime | None:
        """Since when nobody answers."""
        return self._offline_since

    @property
    def sending(self) -> frozenset[str]:
        """The ids of the messages that are in a call at this moment."""
        return self._sending

    def listen(self, hear: Hear) -> None:
        """Call ``hear`` on this worker's thread for everything that arrives."""
        self._listeners.append(hear)

    def start(self) -> None:
        """Begin; what waits in the outbox goes first."""
        self._poked = True
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """End after the call in progress; return whether the thread ended in time."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def poke(self) -> None:
        """Deliver now; never blocks."""
        with self._wake:
            self._poked = True
            self._next_pull = None if self._online is not True else self._next_pull
            self._wake.notify()

    def look_up(self, store: Store, scan: Scan) -> None:
        """Ask the agency who ``scan`` is; never blocks, the answer is heard."""
        with self._wake:
            self._scans.append((store, scan))
            self._wake.notify()

    def inquire(self, asked: RxAsk) -> None:
        """Ask the platform about prescriptions; never blocks, the answer is heard."""
        with self._wake:
            self._rx.append(asked)
            self._wake.notify()

    def presettle(self, context: ClaimContext) -> None:
        """Have the agency compute a basket; never blocks, and the latest one wins."""
        with self._wake:
            self._basket = context
            self._wake.notify()

    def _run(self) -> None:
        while not self._stopping:
            # The crash boundary of this thread: whatever happens, the till goes on selling and tries again.
            try:
                with closing(self._open_db()) as db, closing(self._open_client()) as client:
                    introduce(db, client)
                    self._serve(db, client)
            except UserError as error:
                _log.warning("sync paused: %s", error.what)
                self._rest()
            except Exception:
                _log.exception("sync failed and begins anew")
                self._rest()

    def _rest(self) -> None:
        """Own up to being away, answer who asked meanwhile, and pause until the next question or its time."""
        pause_s = wait_after(self._fruitless).total_seconds()
        self._lost()
        self._next_pull = None  # After the pause the line is tried at once.
        with self._wake:
            scans, inquiries = tuple(self._scans), tuple(self._rx)
            self._scans.clear()
            self._rx.clear()
        for _store, scan in scans:
            self._tell(PersonAnswer(scan=scan, person=None, trouble=_STUMBLED))
        for inquiry in inquiries:
            self._tell(RxAnswer(asked=inquiry, trouble=_STUMBLED))
        with self._wake:
            self._wake.wait_for(lambda: self._stopping or bool(self._scans or self._rx), pause_s)

    def _serve(self, db: Connection, client: AgencyClient) -> None:
        while self._await_work():
            question = self._take_question()
            if isinstance(question, ClaimContext):
                self._compute(db, client, question)
            elif isinstance(question, tuple):
                self._identify(db, client, *question)
            elif question is not None:
                self._inquire(db, client, question)
            else:
                self._deliver(db, client)
                self._pull(db, client)

    def _await_work(self) -> bool:
        """Wait until there is something to do; return whether to go on."""
        wait_s = self._idle().total_seconds()
        with self._wake:
            self._wake.wait_for(lambda: self._stopping or self._poked or self._asked(), max(0.0, wait_s))
            return not self._stopping

    def _idle(self) -> timedelta:
        now = self._clock.now()
        # A clock that was set back must not make a wait of it.
        pull_in = min(self._next_pull - now, self._longest_wait) if self._next_pull else _AT_ONCE
        # While nobody answers: one attempt in a while, not one for each waiting message.
        if self._fruitless or self._next_delivery is None:
            return pull_in
        return min(pull_in, self._next_delivery - now)

    def _asked(self) -> bool:
        return bool(self._scans or self._rx) or self._basket is not None

    def _urgent(self) -> bool:
        return self._stopping or self._asked()

    def _take_question(self) -> ClaimContext | tuple[Store, Scan] | RxAsk | None:
        with self._wake:
            if self._scans:
                return self._scans.popleft()
            if self._basket is None and self._rx:  # The sum on the screen goes before what waits elsewhere.
                return self._rx.popleft()
            basket, self._basket = self._basket, None
            return basket

    def _identify(self, db: Connection, client: AgencyClient, store: Store, scan: Scan) -> None:
        answer = PersonAnswer(scan=scan, person=None, trouble=_STUMBLED)
        try:
            sender = self._speaker(db, client, store.provider.id)
            answer = ask.look_up(db, client, self._clock, scan, sender)
            self._reached(db)
        except Unreachable as error:
            self._note(error)
            answer = PersonAnswer(scan=scan, person=None, trouble=error.trouble.rstrip("。"))
        except UserError:
            raise
        except Exception:
            _log.exception("a look-up failed")
        finally:
            # Whoever waits at the counter hears something, whatever happened.
            self._tell(answer)

    def _inquire(self, db: Connection, client: AgencyClient, asked: RxAsk) -> None:
        answer = RxAnswer(asked=asked, trouble=_STUMBLED)
        try:
            sender = self._speaker(db, client, asked.store.provider.id)
            answer = prescriptions.answer(db, client, self._clock, asked, sender)
            self._reached(db)
        except Unreachable as error:
            self._note(error)
            answer = RxAnswer(asked=asked, trouble=error.trouble.rstrip("。"))
        except UserError:
            raise
        except Exception:
            _log.exception("an inquiry about prescriptions failed")
        finally:
            self._tell(answer)

    def _compute(self, db: Connection, client: AgencyClient, context: ClaimContext) -> None:
        try:
            sender = self._speaker(db, client, context.store.provider.id)
            answer, person = ask.presettle(db, client, self._clock, context, sender)
        except Unreachable as error:
            self._note(error)
        except ask.Refused as refused:
            _log.info("pre-settlement refused: %s", refused.text)
            self._reached(db)
        except UserError:
            raise
        except Exception:
            _log.exception("a pre-settlement failed")
        else:
            self._reached(db)
            self._tell(answer)
            if person is not None:
                self._tell(person)

    def _deliver(self, db: Connection, client: AgencyClient) -> None:
        with self._wake:
            self._poked = False
        try:
            self._enrol(db, client)
        except Unreachable as error:
            self._note(error)
            return
        round_ = deliver_due(
            db,
            client,
            self._clock,
            operator=self._operator,
            boundary=outlive,
            interrupted=self._urgent,
            sending=self._now_sending,
        )
        self._next_delivery = round_.next_at
        if round_.line_dead:
            self._note(Unreachable(round_.trouble, line_dead=True))
        elif round_.settled:
            self._reached(db)
        if round_.tried:
            self._tell(None)

    def _now_sending(self, ids: frozenset[str]) -> None:
        self._sending = ids

    def _enrol(self, db: Connection, client: AgencyClient) -> None:
        """Before anything is sent: after a restored backup the agency must hear of the new epoch first."""
        due = {each.provider for each in device.all_pinned(db)}
        due |= {each.provider.id for each in stores.all(db) if self._code_for(each.provider.id)}
        for provider in sorted(due):
            self._speaker(db, client, provider)

    def _speaker(self, db: Connection, client: AgencyClient, provider: str) -> Sender:
        """Return who speaks for a shop, the till made known to its agency before where it can be."""
        sender = sender_of(db, provider, self._operator)
        if stores.by_provider(db, provider) is not None:
            ensure(db, client, self._clock, sender=sender, code=self._code_for(provider))
        return sender

    def _pull(self, db: Connection, client: AgencyClient) -> None:
        now = self._clock.now()
        later = self._next_pull is not None and now < self._next_pull <= now + self._longest_wait
        if self._urgent() or later:
            return
        homes = dict.fromkeys([self._home, *(each.provider for each in device.all_pinned(db))])
        taken = 0
        try:
            for provider in homes:  # Each shop has a mailbox of its own.
                sender = sender_of(db, provider, self._operator)
                with closing(self._open_drugs()) as drugs:
                    taken += pull_news(
                        db,
                        drugs,
                        client,
                        self._clock,
                        sender=sender,
                        interrupted=self._urgent,
                        make_index=self._make_index,
                    )
        except Unreachable as error:
            self._note(error)
        except DatabaseBusy:
            # An import holds the catalogue: the line is well, and the news can wait.
            self._next_pull = self._clock.now() + WHILE_BUSY
        else:
            self._reached(db)
            if not self._urgent():
                self._next_pull = self._clock.now() + self._pull_every
            if taken:
                self._tell(None)

    def _reached(self, db: Connection) -> None:
        """The agency answered: what waits need not wait any longer."""
        back, now = self._online is not True, self._clock.now()
        self._online, self._offline_since, self._fruitless = True, None, 0
        if back or self._marked is None or now - self._marked >= MARK_EVERY:
            self._marked = now  # Floor limits count since then; a mark a minute is near enough.
            with transaction(db):
                cursor.put(db, cursor.HEARD, to_text(now))
        if back:
            with transaction(db):
                outbox.hasten(db, self._clock.now())
            with self._wake:
                self._poked = True
            self._tell(None)

    def _note(self, error: Unreachable) -> None:
        """Nobody answered, or nothing sound: try again after a while that grows."""
        self._next_pull = self._clock.now() + wait_after(self._fruitless)
        _log.info("agency not reached: %s", error.trouble)
        self._lost()

    def _lost(self) -> None:
        """One more round in which nobody was reached; the world hears of the first."""
        self._fruitless += 1
        went = self._online is not False
        self._online = False
        self._offline_since = self._offline_since or self._clock.now()
        if went:
            self._tell(None)

    def _tell(self, news: Heard) -> None:
        for hear in tuple(self._listeners):
            # A listener that fails keeps neither the others nor the courier from their work.
            try:
                hear(news)
            except Exception:
                _log.exception("a listener failed")
