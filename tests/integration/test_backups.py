"""Backups rehearsed: sell, back up, sell on, restore, verify, sell; nothing is spent or numbered twice."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from app import cli, errors
from app.storage import backup, device, journal, outbox, sales
from app.storage.connection import transaction
from app.storage.guard import Guard
from tests.fakes.backed_up_shop import DATABASE, KEY, Shop, keeper_of
from tests.fakes.fake_counter import NOW


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
