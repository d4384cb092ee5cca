"""A stick goes to the agency and comes back: what it carries takes effect once, whatever happens to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from agency.bundles import Counter
from app import cli, errors
from app.storage import device, journal, outbox, people
from app.sync.bundles import LARGEST, Satchel
from app.usecases.ports import Trip
from app.usecases.state import BundleReport
from tests.fakes.agency_at_hand import Town
from tests.fakes.agency_line import EZHOU, SHAOXING
from tests.fakes.fake_leases import scan_first

FRESH = bytes(range(32))


class Post:
    """A till without a line, an agency, and somebody who carries a stick between them."""

    def __init__(self, folder: Path) -> None:
        self.town, self.stick = Town(folder), folder / "stick"
        self.db = self.town.bench.db
        self.satchel = Satchel(
            db=self.db, drugs=self.town.bench.catalogue, clock=self.town.clock, operator="药师 李"
        )
        bureau = self.town.bureau
        self.counter = Counter(agency=bureau.agency, database=bureau.database, clock=self.town.clock)
        self._carried = 0
        self.town.go_offline()

    def sell(self) -> None:
        self.town.bench.till.next_customer()
        self.town.clock.pass_by(timedelta(minutes=3))
        scan_first(self.town.bench)
        assert self.town.bench.settle().settled is not None

    def export(self) -> Path:
        return Path(self.satchel.export_bundle(SHAOXING, self.stick).path)

    def at_agency(self, up: Path) -> Path:
        """Have the agency take the bundle in, and return the one that it gives back."""
        self._carried += 1
        down = self.counter.take_in(up.read_bytes(), bytes([self._carried]) + FRESH[1:]).down
        assert down is not None
        path = self.stick / f"down-{self._carried}.syb"
        path.write_bytes(down)
        return path

    def take(self, down: Path) -> BundleReport:
        self.town.clock.pass_by(timedelta(minutes=10))
        return self.satchel.import_bundle(down)

    def states(self) -> set[str]:
        return {each.state for each in outbox.recent(self.db, 99)}

    def settled_at_agency(self) -> int:
        return int(self.town.bureau.db.execute("SELECT count(*) FROM settlement").fetchone()[0])


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.town.close()


def test_a_stick_there_and_back_settles_all_that_waited(post: Post) -> None:
    post.sell()
    post.sell()
    waiting = outbox.counts(post.db)[0]

    up = post.export()
    assert post.states() == {"waiting"}  # Written is not delivered.
    report = post.take(post.at_agency(up))

    assert (report.answers, report.missing_chunks) == (waiting, 0)
    assert post.states() == {"accepted"}
    assert all(each.proof for each in outbox.recent(post.db, 99))
    assert [row.delivery for row in post.town.bench.till.sales(None)] == ["accepted", "accepted"]
    assert journal.verify(post.db) == []


def test_the_wire_and_the_stick_together_settle_nothing_twice(post: Post) -> None:
    post.sell()
    up = post.export()
    post.town.go_online()
    post.town.deliver()
    once = post.settled_at_agency()
    entries = journal.head(post.db)

    report = post.take(post.at_agency(up))

    assert post.settled_at_agency() == once
    assert (report.answers, journal.head(post.db)) == (0, entries)


def test_a_bundle_imported_again_changes_nothing_and_says_so(post: Post) -> None:
    post.sell()
    down = post.at_agency(post.export())
    post.take(down)
    entries = journal.head(post.db)

    again = post.take(down)

    assert "以前导入过" in again.text
    assert "没有新的内容" in again.text
    assert (again.answers, journal.head(post.db)) == (0, entries)


def test_bundles_may_come_back_in_any_order(post: Post) -> None:
    post.sell()
    first = post.at_agency(post.export())
    post.sell()
    second = post.at_agency(post.export())

    newer, older = post.take(second), post.take(first)

    assert newer.answers
    assert "旧" in older.text
    assert post.states() == {"accepted"}


def test_a_cut_bundle_brings_what_is_there_and_the_rest_waits(post: Post) -> None:
    post.sell()
    down = post.at_agency(post.export())
    whole = down.read_bytes()
    down.write_bytes(whole[: len(whole) * 2 // 3])

    report = post.take(down)

    assert "截断" in report.text or "损坏" in report.text
    assert post.states() <= {"waiting", "accepted"}
    down.write_bytes(whole)
    post.take(down)
    assert post.states() == {"accepted"}


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_flipped_bit_harms_nothing_and_the_same_stick_copied_again_completes_it(
    post: Post, place: float
) -> None:
    post.sell()
    down = post.at_agency(post.export())
    whole = down.read_bytes()
    torn = bytearray(whole)
    torn[int(len(torn) * place)] ^= 0x10
    down.write_bytes(torn)

    post.take(down)
    down.write_bytes(whole)
    post.take(down)

    assert post.states() == {"accepted"}
    assert journal.verify(post.db) == []


def test_what_is_no_bundle_of_ours_is_refused_with_its_reason(post: Post, tmp_path: Path) -> None:
    post.sell()
    up = post.export()
    nonsense = tmp_path / "photo.syb"
    nonsense.write_bytes(b"\x89PNG" * 1000)
    before = journal.head(post.db)

    own, foreign = post.take(up), post.take(nonsense)

    assert "柜台导出的" in own.text
    assert "不是山药的数据包" in foreign.text
    assert not own.taken
    assert not foreign.taken
    assert journal.head(post.db) == before
    with pytest.raises(errors.BundleUnreadable, match="读不出来"):
        post.take(tmp_path / "missing.syb")


def test_the_bundle_of_another_till_is_foreign(post: Post, tmp_path: Path) -> None:
    post.sell()
    down = post.at_agency(post.export())
    (tmp_path / "other").mkdir()
    other = Post(tmp_path / "other")

    report = other.take(down)

    assert not report.taken
    assert "不是给这台柜台的" in report.text or "签名" in report.text
    other.town.close()


def test_a_trip_asked_for_by_stick_comes_back_on_it(post: Post) -> None:
    who = post.town.bench.demonstration.people[0]
    until = post.town.clock.at + timedelta(days=9)

    up = Path(post.satchel.export_bundle(SHAOXING, post.stick, Trip(people=(who.psn_no,), until=until)).path)
    report = post.take(post.at_agency(up))

    assert "出行包" in report.text
    (lease,) = post.town.bench.till.leases()
    assert lease.reserved > 0


def test_sums_on_a_stick_do_not_count_what_was_sold_after_it_was_written(post: Post) -> None:
    post.sell()
    up = post.export()
    post.sell()
    sold_later = post.town.bench.till.sales(None)[0]
    down = post.at_agency(up)
    post.take(down)

    who = people.by_psn_no(post.db, _buyer(post))
    assert who is not None
    scan_first(post.town.bench)
    state = post.town.bench.till.refresh()
    assert state.claim is not None
    paid = post.town.bureau.sums(who.name).fund_paid
    assert state.claim.accumulators.fund_paid == paid + sold_later.fund


def _buyer(post: Post) -> str:
    return str(post.db.execute("SELECT psn_no FROM sale ORDER BY serial DESC LIMIT 1").fetchone()[0])


def test_a_till_that_is_not_enrolled_writes_no_bundle(post: Post) -> None:
    with pytest.raises(errors.BundleNotReady, match="登记"):
        post.satchel.export_bundle(EZHOU, post.stick)


def test_a_stick_that_cannot_be_written_leaves_everything_waiting(post: Post, tmp_path: Path) -> None:
    post.sell()
    (tmp_path / "full").write_text("x", encoding="utf-8")

    with pytest.raises(errors.BundleNotReady, match="不能写入"):
        post.satchel.export_bundle(SHAOXING, tmp_path / "full")
    assert post.states() == {"waiting"}


def test_a_stick_pulled_out_while_writing_leaves_no_half_file_on_it(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.sell()

    def gone(_fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("app.sync.bundles.os.fsync", gone)

    with pytest.raises(errors.BundleNotReady, match="都还在"):
        post.export()

    assert list(post.stick.iterdir()) == []
    assert post.states() == {"waiting"}


def test_a_film_on_the_stick_is_no_bundle_and_is_not_read_whole(post: Post, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(LARGEST + 1)

    report = post.take(film)

    assert not report.taken
    assert "不是山药的数据包" in report.text


def test_of_a_bundle_with_nothing_readable_nothing_is_said_to_be_taken(post: Post) -> None:
    post.sell()
    post.take(post.at_agency(post.export()))  # The catalogue has come; the next bundle is of one piece.
    post.sell()
    down = post.at_agency(post.export())
    data = bytearray(down.read_bytes())
    data[len(data) // 2] ^= 1
    down.write_bytes(bytes(data))

    report = post.take(down)

    assert report.missing_chunks == 1
    assert "其余" not in report.text


def test_commands_write_show_and_take_a_bundle_with_the_counter_closed(
    post: Post, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    post.sell()
    key = device.current(post.db)
    assert key.epoch == 1
    (tmp_path / "counter.key").write_text(bytes(range(32)).hex() + "\n", encoding="ascii")
    where = ["--data", str(tmp_path)]

    assert cli.main(["bundle", "export", str(post.stick), "--provider", SHAOXING, *where]) == 0
    (up,) = post.stick.glob("*-up.syb")
    assert cli.main(["bundle", "show", str(up), *where]) == 0
    assert cli.main(["bundle", "import", str(post.at_agency(up)), *where]) == 0
    said = capsys.readouterr().out
    assert "柜台交给医保中心" in said
    assert post.states() == {"accepted"}
    assert cli.main(["bundle", "import", str(up), *where]) == 1


def test_an_answer_that_comes_by_stick_during_the_call_is_recorded_once(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.sell()
    down = post.at_agency(post.export())
    wire, town = post.town.wire, post.town
    answer = wire.handle_request

    def overtaken(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        if b"SY06" in request.read():
            post.satchel.import_bundle(down)
        return response

    monkeypatch.setattr(wire, "handle_request", overtaken)
    town.go_online()
    town.deliver()

    sales_row = post.db.execute("SELECT answered, messages FROM sale").fetchone()
    assert sales_row[0] == sales_row[1]
    kinds = [each.kind for each in journal.read(post.db, 0, 99)]
    assert kinds.count("agency_answer") == sales_row[1]
    assert post.states() == {"accepted"}
