"""Backups rehearsed: sell, back up, sell on, restore, verify, sell; nothing is spent or numbered twice."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from app import cli, errors
from app.storage import backup, device, epochs, journal, outbox, sales
from app.storage.connection import Connection, open_database, transaction
from app.storage.guard import Guard
from app.storage.key import mark_in_use, read_or_make
from app.storage.migrations import migrate
from app.sync.keeper import Keeper
from tests.fakes import fake_counter
from tests.fakes.fake_counter import NOW, Bench, FakeClock, stocked

DATABASE, KEY = "counter.db", "counter.key"


class Shop:
    """A data folder with a till that is opened and closed as a real one is."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.path, self.mark = folder / DATABASE, folder / device.MARK
        (folder / KEY).write_text(fake_counter.KEY.hex() + "\n", encoding="ascii")
        self.key = read_or_make(folder / KEY, self.path)
        with self.opened() as db:
            stocked(db)
        mark_in_use(folder / KEY)

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        db = open_database(self.path, self.key)
        migrate(db)
        epochs.begin(db, self.mark, self.clock.now())
        try:
            yield db
        finally:
            device.write_mark(self.mark, device.mark_of(db))
            db.close()

    def sell(self, count: int = 1) -> list[str]:
        """Sell to the first person of the tour, ``count`` times; return the numbers as printed."""
        with self.opened(), closing(Bench(self.folder, clock=self.clock)) as bench:
            bench.till.start()
            numbers = []
            for _ in range(count):
                group = bench.demonstration.tour[0].group
                for stop in bench.till.tour():
                    if stop.group == group:
                        bench.till.demonstrate(stop)
                settled = bench.till.settle().settled
                assert settled is not None
                numbers.append(settled.number)
                self.clock.at += timedelta(seconds=2)
            return numbers

    def back_up(self) -> Path:
        with self.opened() as db:
            return backup.make(db, self.key, self.folder / backup.FOLDER, self.clock.now()).path

    def restore(self, path: Path) -> None:
        backup.restore(path, self.key, self.path, self.mark, self.folder / "aside")

    def epoch(self) -> int:
        with self.opened() as db:
            return device.current(db).epoch


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_restored_backup_sells_on_in_a_new_epoch_and_repeats_no_number(shop: Shop) -> None:
    before = shop.sell(2)
    saved = shop.back_up()
    lost = shop.sell(2)

    shop.restore(saved)
    after = shop.sell(2)

    assert before == ["01-000001", "01-000002"]
    assert lost == ["01-000003", "01-000004"]
    assert after == ["01.2-000003", "01.2-000004"]
    with shop.opened() as db:
        assert journal.verify(db) == []
        assert sales.index_of(db, "01.2-000003") is not None
        assert sales.index_of(db, "01-000003") is None
        entries = journal.read(db, 0, 99)
        ids = [each.id for each in outbox.recent(db, 99)]
    assert [entry.kind for entry in entries].count("epoch") == 1
    assert len(set(ids)) == len(ids)


def test_keys_of_the_lost_epoch_are_not_the_keys_of_the_new_one(shop: Shop) -> None:
    shop.sell()
    saved = shop.back_up()
    with shop.opened() as db:
        old = device.current(db)

    shop.restore(saved)

    with shop.opened() as db:
        new = device.current(db)
        assert (new.epoch, device.of_epoch(db, 1)) == (2, old)
        assert new.private != old.private
        assert new.box_private != old.box_private


def test_restoring_the_same_backup_twice_begins_two_different_epochs(shop: Shop) -> None:
    shop.sell()
    saved = shop.back_up()
    shop.restore(saved)
    second = shop.sell()
    shutil.rmtree(shop.folder / "aside")
    shop.restore(saved)
    third = shop.sell()

    assert (second, third) == (["01.2-000002"], ["01.3-000002"])


def test_database_put_back_by_a_copied_file_is_noticed_without_any_command(shop: Shop) -> None:
    shop.sell()
    shutil.copyfile(shop.path, shop.folder / "copy")
    shop.sell()
    assert shop.epoch() == 1

    for beside in ("-wal", "-shm"):
        shop.path.with_name(DATABASE + beside).unlink(missing_ok=True)
    shutil.copyfile(shop.folder / "copy", shop.path)

    assert shop.epoch() == 2
    assert shop.epoch() == 2


def test_books_that_were_not_put_back_stay_in_their_epoch(shop: Shop) -> None:
    shop.sell(3)

    assert [shop.epoch() for _ in range(3)] == [1, 1, 1]


def test_entries_of_two_epochs_never_travel_in_one_upload(shop: Shop) -> None:
    shop.sell()
    with shop.opened() as db, transaction(db):
        journal.append(db, "agency_answer", "{}", NOW)
    saved = shop.back_up()
    shop.restore(saved)
    shop.sell()

    with shop.opened() as db:
        begun = device.current(db).after + 1
        uploads = [each for each in outbox.recent(db, 99) if each.infno == "SY03"]
        spans = sorted((each.first_entry or 0, each.last_entry or 0) for each in uploads)
        texts = [outbox.text_of(db, each) for each in uploads]
    assert spans == [(1, 1), (2, 2), (3, 4)]
    assert begun == 3
    assert all('"till":"01"' in text for text in texts)


def test_backup_is_made_while_the_counter_is_open_and_selling(shop: Shop) -> None:
    with shop.opened() as db, shop.opened() as other, transaction(other):
        journal.append(other, "sale", "{}", NOW)  # Not committed yet: no part of the copy.
        made = backup.make(db, shop.key, shop.folder / backup.FOLDER, NOW)

    assert made.entries == 0
    assert not list((shop.folder / backup.FOLDER).glob("*.part"))


def test_damaged_backup_is_refused_and_the_books_stay_as_they_are(shop: Shop) -> None:
    shop.sell()
    saved = shop.back_up()
    torn = bytearray(saved.read_bytes())
    torn[len(torn) // 2] ^= 1
    saved.write_bytes(torn)

    with pytest.raises(errors.BackupUnusable, match="没有改动"):
        shop.restore(saved)

    assert shop.sell() == ["01-000002"]


def test_backup_under_another_key_is_refused(shop: Shop, tmp_path: Path) -> None:
    shop.sell()
    saved = shop.back_up()

    with pytest.raises(errors.BackupUnusable, match="密钥"):
        backup.restore(saved, bytes(32), shop.path, shop.mark, tmp_path / "aside")
    assert shop.sell() == ["01-000002"]


def test_backup_into_a_folder_that_cannot_be_written_says_so(shop: Shop) -> None:
    (shop.folder / "file").write_text("x", encoding="utf-8")

    with shop.opened() as db, pytest.raises(errors.BackupFailed, match="销售不受影响"):
        backup.make(db, shop.key, shop.folder / "file", NOW)


def test_newest_of_eight_hours_seven_days_and_four_weeks_stay() -> None:
    hourly = [NOW - timedelta(minutes=30 * place) for place in range(48 * 60)]

    keep = sorted(backup.kept(hourly), reverse=True)

    assert keep[0] == NOW
    assert [NOW - each for each in keep[:3]] == [timedelta(minutes=30 * place) for place in range(3)]
    hours = [timedelta(0), *(timedelta(minutes=30, hours=place) for place in range(7))]
    assert {NOW - each for each in keep} >= set(hours)
    assert len(keep) <= 3 + 8 + 7 + 4
    assert timedelta(days=20) <= NOW - keep[-1] <= timedelta(weeks=4)


def keeper_of(shop: Shop) -> Keeper:
    return Keeper(
        open_db=lambda: open_database(shop.path, shop.key),
        key=shop.key,
        data=shop.folder,
        second=shop.folder / "stick",
        clock=shop.clock,
        boundary=lambda step: step(),
    )


def test_backup_is_due_after_an_hour_after_fifty_sales_and_at_the_end(shop: Shop) -> None:
    shop.sell()
    keeper = keeper_of(shop)
    with shop.opened() as db:
        keeper.look(db)
        first = keeper.backed_up_at
        assert first is not None
        keeper.look(db)
        assert keeper.backed_up_at == first
        with transaction(db):
            journal.append(db, "note", "{}", shop.clock.now())
        keeper.look(db)
        assert keeper.backed_up_at == first  # Neither an hour nor fifty sales.
        shop.clock.at += timedelta(hours=1)
        keeper.look(db)
        second = keeper.backed_up_at
        assert second is not None
        assert second > first
        shop.clock.at += timedelta(hours=5)
        keeper.look(db, closing_time=True)
        assert keeper.backed_up_at == second  # Nothing came since.
    assert len(backup.listed(shop.folder / "stick")) == 2


def test_keeper_that_ends_leaves_a_backup_of_the_last_sale_and_the_mark(shop: Shop) -> None:
    keeper = keeper_of(shop)
    keeper.start()
    with shop.opened() as db, transaction(db):
        journal.append(db, "note", "{}", NOW)
    keeper.stop()

    assert backup.listed(shop.folder / backup.FOLDER)[0].entries == 1
    mark = device.read_mark(shop.mark)
    assert mark is not None
    assert mark.number == 1


def test_commands_back_up_beside_an_open_counter_and_restore_only_without_one(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.sell()
    where = ["--data", str(shop.folder)]
    guard = Guard(shop.folder / "counter.lock")
    assert cli.main(["backup", "now", *where]) == 0
    assert cli.main(["backup", "verify", *where]) == 0
    assert cli.main(["journal", "verify", *where]) == 0
    saved = backup.listed(shop.folder / backup.FOLDER)[0].path
    assert cli.main(["backup", "restore", str(saved), *where]) == 1
    guard.release()
    assert "已经开着一个柜台" in capsys.readouterr().err

    assert cli.main(["backup", "restore", str(saved), *where]) == 0
    assert cli.main(["backup", "list", *where]) == 0
    assert "counter.key" in capsys.readouterr().out
    assert shop.sell() == ["01.2-000002"]


def test_lost_database_is_restored_with_its_key_alone(shop: Shop) -> None:
    shop.sell()
    saved = shop.back_up()
    shop.path.unlink()

    assert cli.main(["backup", "restore", str(saved), "--data", str(shop.folder)]) == 0
    assert shop.sell() == ["01.2-000002"]


def test_key_is_copied_to_a_safe_place_and_never_over_another_key(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    safe = tmp_path / "safe"
    command = ["backup", "key", "--to", str(safe), "--data", str(shop.folder)]
    assert cli.main(command) == 0
    assert (safe / KEY).read_bytes() == (shop.folder / KEY).read_bytes()

    (safe / KEY).write_text("another", encoding="ascii")
    assert cli.main(command) == 1
    assert (safe / KEY).read_text(encoding="ascii") == "another"
    assert "没有覆盖" in capsys.readouterr().err


def table_rows(path: Path, tables: tuple[str, ...]) -> dict[str, list[tuple[object, ...]]]:
    with closing(open_database(path, fake_counter.KEY)) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


KEPT = (
    *("journal", "epoch", "sale", "day_run", "receipt", "printing", "outbox", "outbox_mark", "task"),
    *("day_closed", "finding", "carried", "pinned", "trace_code", "person_sale"),
)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every book be large: what is measured in gigabytes else is tested with a few pages."""
    monkeypatch.setattr(backup, "LARGE", 0)


def saved(shop: Shop, folder: str = backup.FOLDER, **how: bool) -> backup.Backup:
    with shop.opened() as db:
        return backup.save(db, shop.key, shop.folder / folder, shop.clock.now(), **how)


@pytest.mark.usefixtures("large")
def test_large_books_are_copied_whole_once_a_day_and_their_news_between(shop: Shop) -> None:
    made = []
    for _ in range(5):
        shop.sell()
        made.append(saved(shop))
        shop.clock.at += timedelta(hours=7)

    assert [each.after is None for each in made] == [True, False, False, False, True]
    assert {each.after for each in made[1:4]} == {made[0].path}
    assert all(each.size < made[0].size / 2 for each in made[1:4])
    found = backup.listed(shop.folder / backup.FOLDER)
    assert [(each.path, each.after) for each in found] == [(each.path, each.after) for each in made[::-1]]


def test_small_books_are_copied_whole_every_time(shop: Shop) -> None:
    for _ in range(2):
        shop.sell()
        assert saved(shop).after is None
        shop.clock.at += timedelta(minutes=5)


@pytest.mark.usefixtures("large")
def test_books_of_a_copy_and_its_news_are_row_for_row_what_they_were(shop: Shop) -> None:
    shop.sell(5)
    with shop.opened() as db:
        first, *_ = [each for each in outbox.recent(db, 99) if each.infno == "SY03"]
        with transaction(db):
            outbox.accepted(db, first.id, "{}", shop.clock.now())  # Out of order: the mark stays.
    whole = saved(shop)
    shop.sell(16)  # A run of sales becomes full, and is indexed, between the copy and its news.
    with shop.opened() as db:
        waits = outbox.recent(db, 99)[::-1]
        with transaction(db):
            for each in waits[:7]:
                outbox.accepted(db, each.id, "{}", shop.clock.now())
            for serial in (2, 4):
                sales.note_answer(db, serial, agrees=True, fund=1, patient=2, at=shop.clock.now())
            outbox.rejected(db, waits[8].id, "不符", shop.clock.now())
        with closing(Bench(shop.folder, clock=shop.clock)) as bench:
            bench.till.reprint("01-000002")
        with transaction(db):
            device.open_epoch(db, shop.clock.now())
    news = saved(shop)
    before = table_rows(shop.path, KEPT)
    shop.path.unlink()

    shop.restore(news.path)

    assert news.after == whole.path
    assert table_rows(shop.path, KEPT) == before
    assert shop.sell() == ["01.3-000022"]
    with shop.opened() as db:
        assert journal.verify(db) == []


@pytest.mark.usefixtures("large")
def test_news_without_their_copy_or_beside_another_are_refused_and_the_books_stay(shop: Shop) -> None:
    shop.sell()
    whole = saved(shop)
    shop.sell()
    news = saved(shop)
    assert news.after == whole.path
    away = shop.folder / "away"
    whole.path.replace(away)
    with pytest.raises(errors.BackupUnusable, match="缺少"):
        shop.restore(news.path)

    with shop.opened() as db:
        other = backup.make(db, shop.key, shop.folder / "other", shop.clock.now())
    other.path.replace(whole.path)
    with pytest.raises(errors.BackupUnusable, match="没有改动"):
        shop.restore(news.path)

    assert shop.sell() == ["01-000003"]


@pytest.mark.usefixtures("large")
def test_damaged_news_are_refused_and_the_books_stay(shop: Shop) -> None:
    shop.sell()
    saved(shop)
    shop.sell()
    news = saved(shop)
    torn = bytearray(news.path.read_bytes())
    torn[len(torn) // 2] ^= 1
    news.path.write_bytes(torn)

    with pytest.raises(errors.BackupUnusable, match="没有改动"):
        shop.restore(news.path)
    assert shop.sell() == ["01-000003"]


@pytest.mark.usefixtures("large")
def test_books_that_went_another_way_than_the_copy_are_copied_whole_again(shop: Shop) -> None:
    shop.sell()
    first = saved(shop)
    shop.sell()
    saved(shop)
    shop.clock.at += timedelta(hours=1)
    shop.restore(first.path)
    shop.sell()  # Of a new epoch: still those of the copy, and on from there.
    second = saved(shop)
    shop.clock.at += timedelta(hours=1)
    shop.path.unlink()
    with shop.opened() as db:
        stocked(db)
    shop.sell()

    assert second.after == first.path
    assert saved(shop).after is None


@pytest.mark.usefixtures("large")
def test_without_room_for_a_copy_it_says_so_before_it_copies_and_news_are_saved_still(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "free_space", lambda _folder: 50_000_000)
    shop.sell()
    with pytest.raises(errors.BackupWithoutRoom, match=r"要有 1\d\d MB 空闲.*销售不受影响"):
        saved(shop)
    assert not list((shop.folder / backup.FOLDER).iterdir())

    monkeypatch.undo()
    monkeypatch.setattr(backup, "LARGE", 0)
    whole = saved(shop)
    monkeypatch.setattr(backup, "free_space", lambda _folder: 50_000_000)
    shop.clock.at += timedelta(hours=30)
    shop.sell()
    assert saved(shop).after == whole.path


def test_copy_that_is_given_up_leaves_nothing_that_bears_a_backups_name(shop: Shop) -> None:
    shop.sell()
    with shop.opened() as db, pytest.raises(errors.BackupGivenUp, match="没有留下半份"):
        backup.save(db, shop.key, shop.folder / backup.FOLDER, shop.clock.now(), go_on=lambda: False)

    assert not list((shop.folder / backup.FOLDER).iterdir())


@pytest.mark.usefixtures("large")
def test_person_who_asks_for_a_backup_of_large_books_waits_for_the_news_alone(shop: Shop) -> None:
    shop.sell()
    whole = saved(shop)
    shop.clock.at += timedelta(days=2)
    shop.sell()

    assert keeper_of(shop).back_up().after == whole.path


def test_small_books_too_save_the_news_where_closing_has_no_time_for_a_copy(shop: Shop) -> None:
    shop.sell()
    whole = saved(shop)
    shop.sell()
    with shop.opened() as db:
        news = backup.save(
            db,
            shop.key,
            shop.folder / backup.FOLDER,
            shop.clock.now(),
            go_on=lambda: False,
            hurried=True,
        )

    assert news.after == whole.path
    shop.restore(news.path)
    assert shop.sell() == ["01.2-000003"]


@pytest.mark.usefixtures("large")
def test_counter_that_closes_saves_the_news_and_waits_for_no_whole_copy(shop: Shop) -> None:
    shop.sell()
    whole = saved(shop)
    shop.clock.at += timedelta(days=2)
    keeper = keeper_of(shop)
    shop.sell()
    keeper.start()
    keeper.stop()

    newest = backup.listed(shop.folder / backup.FOLDER)[0]
    assert newest.after == whole.path
    with shop.opened() as db:
        assert newest.entries == journal.head(db)[0]


@pytest.mark.usefixtures("large")
def test_counter_that_closes_beside_a_check_without_end_saves_the_news_within_two_seconds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell()
    whole = saved(shop)
    shop.clock.at += timedelta(days=2)
    shop.sell()
    checking, done = threading.Event(), threading.Event()
    check = backup.check

    def endless(path: Path, key: bytes, *, whole: bool = False) -> int:
        checking.set()
        assert done.wait(60)
        return check(path, key, whole=whole)

    monkeypatch.setattr(backup, "check", endless)
    monkeypatch.setattr("app.sync.keeper.CLOSING_S", 0.5)
    keeper = keeper_of(shop)
    keeper.start()
    shop.clock.at += timedelta(days=1)  # A whole copy is due.
    assert checking.wait(60)
    keeper.stop()

    try:
        newest = backup.listed(shop.folder / backup.FOLDER)[0]
        assert newest.after == whole.path
        assert newest.entries == 2
    finally:
        done.set()
        keeper._thread.join(60)
    assert [each.after for each in backup.listed(shop.folder / backup.FOLDER)] == [whole.path, None]
    assert not list((shop.folder / backup.FOLDER).glob("*.part*"))


def test_of_large_copies_three_stay_at_most_and_news_only_beside_theirs() -> None:
    found = []
    for day in range(30):
        at, path = NOW + timedelta(days=day), Path(f"{day}")
        found.append(backup.Backup(path=path, at=at, entries=day, size=backup.LARGE))
        found += [
            backup.Backup(
                path=Path(f"{day}+{hour}"), at=at + timedelta(hours=hour), entries=day, size=1, after=path
            )
            for hour in range(1, 9)
        ]

    keep = backup.to_keep(found[::-1])

    whole = {path for path in keep if "+" not in path.name}
    assert {Path("29"), Path("28")} <= whole
    assert 2 <= len(whole) <= 3
    gained = keep - whole
    assert {Path("29+8"), Path("29+7"), Path("29+6"), Path("28+8")} <= gained
    assert {path.name.partition("+")[0] for path in gained} == {path.name for path in whole}
    assert len(gained) == 3 + len(whole) - 1


@pytest.mark.usefixtures("large")
def test_command_lists_checks_and_puts_back_news_with_their_copy(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(shop.folder)]
    shop.sell()
    assert cli.main(["backup", "now", *where]) == 0
    shop.sell()
    assert cli.main(["backup", "now", *where]) == 0
    assert cli.main(["backup", "list", *where]) == 0
    assert "要和 counter-" in capsys.readouterr().out

    assert cli.main(["backup", "verify", *where]) == 0
    assert "备份完好：2 条流水" in capsys.readouterr().out
    news = next(each for each in backup.listed(shop.folder / backup.FOLDER) if each.after)
    assert cli.main(["backup", "restore", str(news.path), *where]) == 0
    assert shop.sell() == ["01.2-000003"]
