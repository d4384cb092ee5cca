"""Large books are copied whole once a day, and between copies what they gained; both restore alike."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from app import cli, errors
from app.storage import backup, device, journal, outbox, prescription_uses, refusals, sales
from app.storage.connection import Connection, open_database, transaction
from engine.refusal import RefusalReport
from tests.fakes import fake_counter
from tests.fakes.agency_line import demonstration
from tests.fakes.backed_up_shop import Shop, keeper_of
from tests.fakes.fake_counter import NOW, Bench


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def table_rows(path: Path, tables: tuple[str, ...]) -> dict[str, list[tuple[object, ...]]]:
    with closing(open_database(path, fake_counter.KEY)) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


KEPT = (
    *("journal", "epoch", "sale", "day_run", "receipt", "printing", "outbox", "outbox_mark", "task"),
    *("day_closed", "finding", "carried", "pinned", "trace_code", "person_sale"),
    *("prescription_sale", "write_off", "refusal"),
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


def write_off_and_refuse(db: Connection, at: datetime) -> None:
    """Write off a sale that the whole copy has already, and report a refusal."""
    like = outbox.recent(db, 1)[0]
    outbox.put(db, replace(like, id=f"{like.id[:-4]}9999", infno="7206", input="{}"))
    prescription_uses.note_write_off(db, 1, outbox.last_number(db))
    report = RefusalReport(
        id="01-R000001",
        at=at,
        provider=like.provider,
        shop="药店",
        by="药师",
        licence="",
        who="",
        prescription=demonstration().prescriptions[0],
        found=(),
        to=(),
    )
    entry = journal.append(db, "refusal_report", msgspec.json.encode(report).decode(), at)
    refusals.put(db, report, "key", at, journal=entry.number, message=outbox.last_number(db))


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
            write_off_and_refuse(db, shop.clock.now())
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
    shop.stock()
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
