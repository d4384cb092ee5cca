"""Stock never falls below nothing, nothing gets lost, what expires first goes first, a box is in one
place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.stock import (
    FROM_HELD,
    INTO,
    OUT_OF,
    WITHIN,
    Balance,
    Counted,
    Lot,
    Move,
    MoveKind,
    NotOnHand,
    OnHand,
    after,
    allocate,
    differences,
    gs1_day,
    is_expired,
    is_fit,
    move,
    piece_price,
    read_expiry,
    read_made,
    units,
)
from engine.stock_boxes import NEXT, Box, BoxState, may_go, where, why_not_sold
from engine.stock_rules import load_rules

DAY = date(2026, 11, 22)
KINDS: tuple[MoveKind, ...] = (*INTO, *OUT_OF, *WITHIN)


def lot(number: int = 1, expires: date | None = None, *, size: int = 10, received: int = 0) -> Lot:
    return Lot(
        number=number,
        drug="X",
        name="药",
        batch=f"B{number}",
        received=DAY - timedelta(days=received),
        expires=expires,
        size=size,
    )


def on_hand(
    number: int, packs: int, days: int | None, *, recalled: bool = False, received: int = 0
) -> OnHand:
    expires = None if days is None else DAY + timedelta(days=days)
    return OnHand(
        lot=lot(number, expires, received=received), balance=Balance(packs=packs), recalled=recalled
    )


STOCK = st.lists(
    st.tuples(st.integers(0, 9), st.none() | st.integers(-5, 400), st.booleans(), st.integers(0, 3)),
    max_size=6,
).map(
    lambda rows: [
        on_hand(number, packs, days, recalled=recalled, received=received)
        for number, (packs, days, recalled, received) in enumerate(rows, 1)
    ]
)


@st.composite
def movements(draw: st.DrawFn) -> list[Move]:
    """Return movements of one lot that a shop could try, possible or not."""
    made = []
    for _ in range(draw(st.integers(0, 30))):
        kind = draw(st.sampled_from(KINDS))
        packs = draw(st.integers(0, 5))
        pieces = draw(st.integers(0, 12)) if kind != "opened" else 0
        from_held = kind in FROM_HELD and draw(st.booleans())
        if packs + pieces:
            made.append(move(kind, lot(), packs=packs, pieces=pieces, from_held=from_held))
    return made


@given(movements())
def test_no_part_of_a_lot_is_ever_less_than_nothing(tried: list[Move]) -> None:
    left = Balance()
    for each in tried:
        try:
            left = after(left, each)
        except NotOnHand:
            continue
        assert min(left.packs, left.pieces, left.held) >= 0


@given(movements())
def test_what_came_in_is_what_went_out_and_what_is_there(tried: list[Move]) -> None:
    left, done = Balance(), []
    for each in tried:
        try:
            left = after(left, each)
        except NotOnHand:
            continue
        done.append(each)

    size = lot().size
    came = sum(units(each, size) for each in done if each.kind in INTO)
    went = -sum(units(each, size) for each in done if each.kind in OUT_OF)
    assert came == went + units(left, size)
    assert all(units(each, size) == 0 for each in done if each.kind in WITHIN)


@given(STOCK, st.integers(1, 30))
def test_a_later_lot_gives_nothing_while_an_earlier_fit_one_has_any(stock: list[OnHand], packs: int) -> None:
    took = {use.lot: use.quantity for use in allocate(stock, packs, DAY).uses}

    fit = sorted(
        (each for each in stock if is_fit(each, DAY)),
        key=lambda each: (each.lot.expires or date.max, each.lot.received, each.lot.number),
    )
    for place, later in enumerate(fit):
        if later.lot.number in took:
            assert all(took.get(each.lot.number, 0) == each.balance.packs for each in fit[:place])


@given(STOCK, st.integers(1, 30), st.randoms())
def test_the_same_stock_gives_the_same_answer_in_whatever_order(
    stock: list[OnHand], packs: int, chance: object
) -> None:
    mixed = list(stock)
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    assert allocate(mixed, packs, DAY) == allocate(stock, packs, DAY)


@given(STOCK, st.integers(1, 30), st.lists(st.integers(1, 6), max_size=4))
def test_what_is_taken_is_there_fit_and_adds_up(stock: list[OnHand], packs: int, boxes: list[int]) -> None:
    codes = {f"8{place:019d}": number for place, number in enumerate(boxes)}
    answer = allocate(stock, packs, DAY, codes)

    lots = {each.lot.number: each for each in stock}
    assert sum(use.quantity for use in answer.uses) + answer.lacking == packs
    for use in answer.uses:
        assert 0 < use.quantity <= lots[use.lot].balance.packs
        assert is_fit(lots[use.lot], DAY)
    told = [code for use in answer.uses for code in use.codes]
    assert len(set(told)) == len(told)


def test_a_scanned_box_is_taken_from_its_own_lot_though_another_expires_sooner() -> None:
    stock = [on_hand(1, 3, 10), on_hand(2, 3, 300)]

    answer = allocate(stock, 2, DAY, {"80000000000000000001": 2})

    assert {use.lot: (use.quantity, use.codes) for use in answer.uses} == {
        1: (1, ()),
        2: (1, ("80000000000000000001",)),
    }


def test_the_last_good_day_is_good_and_the_next_is_not() -> None:
    held = lot(expires=DAY)

    assert not is_expired(held, DAY)
    assert is_expired(held, DAY + timedelta(days=1))


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_after_a_stocktake_the_books_say_what_was_counted(
    packs: int, pieces: int, found: int, loose: int
) -> None:
    before = Balance(packs=packs, pieces=pieces, held=7)

    moves = differences(lot(), before, Counted(lot=1, packs=found, pieces=loose))

    left = before
    for each in moves:
        left = after(left, each)
    assert left == Balance(packs=found, pieces=loose, held=7)
    assert bool(moves) == ((packs, pieces) != (found, loose))


@given(st.integers(0, 100_000), st.integers(1, 500))
def test_the_pieces_of_a_pack_never_cost_more_than_the_pack(price: int, size: int) -> None:
    piece = piece_price(price, size)

    if piece is None:
        assert size == 1 or price < size
    else:
        assert 0 < piece * size <= price < (piece + 1) * size


@pytest.mark.parametrize(
    "text, day",
    [
        ("2027-06", date(2027, 6, 30)),
        ("202706", date(2027, 6, 30)),
        ("2027年6月", date(2027, 6, 30)),
        ("2027.06.15", date(2027, 6, 15)),
        ("20280229", date(2028, 2, 29)),
        ("2028-02", date(2028, 2, 29)),
        ("2027/6/5", date(2027, 6, 5)),
        (" 2027-06-15 ", date(2027, 6, 15)),
        ("2027-13", None),
        ("20270230", None),
        ("六月", None),
        ("", None),
        ("1999-01", None),
    ],
)
def test_an_expiry_without_a_day_is_the_end_of_its_month(text: str, day: date | None) -> None:
    assert read_expiry(text) == day


def test_a_month_of_making_is_its_first_day_and_a_gs1_day_of_zero_the_end() -> None:
    assert read_made("2025-06") == date(2025, 6, 1)
    assert gs1_day("270600") == date(2027, 6, 30)
    assert gs1_day("270631") is None
    assert gs1_day("") is None


@given(st.text())
def test_no_text_for_a_day_ever_raises(text: str) -> None:
    read_expiry(text)
    gs1_day(text)


@pytest.mark.parametrize("packs, pieces", [(0, 0), (-1, 0), (0, -1), (-1, 2)])
def test_a_movement_of_nothing_is_none(packs: int, pieces: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        move("received", lot(), packs=packs, pieces=pieces)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FROM_HELD])
def test_only_what_is_lost_or_sent_back_leaves_from_what_is_held(kind: MoveKind) -> None:
    with pytest.raises(ValueError, match="held"):
        move(kind, lot(), packs=1, from_held=True)


def test_a_box_that_was_written_off_goes_nowhere_and_every_state_has_words() -> None:
    assert NEXT["written_off"] == ()
    assert all(where(state) for state in NEXT)
    assert may_go(None, "shelf")
    assert may_go(None, "returned")
    assert not may_go(None, "sold")
    assert not may_go("written_off", "shelf")
    assert may_go("sold", "returned")
    assert not may_go("sold", "shelf")


@pytest.mark.parametrize("state", ["returned", "sent_back", "written_off", "taken_back"])
def test_a_box_off_the_shelf_is_not_sold_and_it_is_said_what_to_do(state: BoxState) -> None:
    held = Box(code="81234567890123456789", drug="X", lot=1, state=state)

    why = why_not_sold(held, lot(), recalled=False, day=DAY)

    assert why is not None
    assert all(text.endswith("。") for text in why)


def test_a_fit_box_on_the_shelf_may_be_sold() -> None:
    held = Box(code="81234567890123456789", drug="X", lot=1, state="shelf")

    assert why_not_sold(held, lot(expires=DAY), recalled=False, day=DAY) is None
    assert why_not_sold(held, lot(expires=DAY), recalled=True, day=DAY) is not None
    assert why_not_sold(held, lot(expires=DAY), recalled=False, day=DAY + timedelta(days=1)) is not None


def test_the_narrowest_region_that_names_a_figure_decides_it() -> None:
    rules = load_rules(
        {
            "a.toml": '[[region]]\nprefix = ""\n[region.trace_codes]\ninsured_from = 2025-07-01\n'
            "[region.shelf]\nnear_expiry_days = 180\n",
            "b.toml": '[[region]]\nprefix = "33"\n[region.messages]\nbatch_sales = false\n',
        }
    )

    assert rules.of("330681").batch_sales is False
    assert rules.of("330681").insured_from == date(2025, 7, 1)
    assert rules.of("420704").batch_sales is True


def test_a_rule_of_another_form_is_refused_with_its_file() -> None:
    with pytest.raises(ValueError, match=r"b\.toml"):
        load_rules({"b.toml": '[[region]]\nprefix = "33"\nunknown = 1\n'})
