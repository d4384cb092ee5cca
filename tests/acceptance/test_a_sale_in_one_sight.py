"""All that the pharmacist must see of a sale without doing anything, in one window: the README's picture."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from counter_window import CounterWindow

from tests.fakes.fake_afield import LEASE, FakeAfield
from tests.fakes.fake_counter import NOW
from tests.fakes.stocked_shelves import receive
from ui.items import words_of


def counter(folder: Path) -> FakeAfield:
    """Return a counter three days from the network, with a lease, and a cheaper pack on its shelf."""
    till = FakeAfield(folder)
    cheaper = next(drug for drug in till.bench.demonstration.drugs if drug.barcode == "6999900000927")
    till.start()
    receive(till.bench.till, cheaper, "E6110", "2028-05-31", packs=12)
    till.shown = {"certainty": "guaranteed", "lease": LEASE}
    till.about = {
        "online": False,
        "offline_since": NOW - timedelta(days=3, hours=4),
        "waiting": 27,
        "journal_length": 1_204,
        "leases": 312,
        "backed_up_at": NOW - timedelta(hours=2),
    }
    return till


def test_person_prescription_basket_money_why_and_what_would_be_cheaper_are_seen_at_once(
    tmp_path: Path,
) -> None:
    window = CounterWindow(tmp_path, opener=lambda: counter(tmp_path))
    for stop in window.program.presenter.tour[:6]:
        window.scan(stop.code)
    window.sign()
    window.program.presenter.tendered("60")
    window.settle()
    window.until(window.window.counter.cheaper.isVisible, "the card of cheaper ways")
    window.program.presenter.refresh()
    window.settle()
    window.picture("counter")

    place = window.window.counter
    assert place.pages is not None
    said = window.words()
    for words in (
        "王＊英",
        "李药师 审方通过",
        "厄贝沙坦片",
        "53.56",
        "✓ 已担保",
        "绍政办发〔2023〕40号 （六）",
    ):
        assert words in said
    assert (place.pages.tendered, place.pages.change) == ("60.00", "6.44")
    assert "本店有 12 盒" in "\n".join(words_of(place.cheaper.sheet.page))
    assert not [card for card in (place.prescription, place.basket, place.why) if window.scrolls(card)]
    window.close()
