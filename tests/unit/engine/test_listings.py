"""The rows in force say on every day what the region's facts of that day say, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalogue import NOT_LISTED, Drug, Listing, listing_on
from engine.listings import Entry, SelfPay, Standard, clipped, flatten, overlay
from engine.policy.claim import Insurance

FIRST = date(2025, 1, 1)
REGIONS = ("", "33", "3306", "330681", "37")
PLACES = ("330681", "330602", "330106", "371502", "420700")
INSURANCES: tuple[Insurance | None, ...] = (None, "resident", "employee")

offsets = st.integers(0, 40)
days = offsets.map(lambda days: FIRST + timedelta(days=days))


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date | None]:
    begins = draw(days)
    length = draw(st.none() | st.integers(0, 20))
    return begins, None if length is None else begins + timedelta(days=length)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    begins, ends = draw(spans())
    return Entry(
        begins=begins,
        ends=ends,
        region=draw(st.sampled_from(REGIONS)),
        klass=draw(st.sampled_from("ABC")),  # type: ignore[arg-type]
        scope=draw(st.sampled_from(("", "限二线用药"))),
        negotiated=draw(st.booleans()),
        rank=draw(st.integers(0, 2)),
    )


@st.composite
def self_pays(draw: st.DrawFn) -> SelfPay:
    begins, ends = draw(spans())
    return SelfPay(
        begins=begins,
        ends=ends,
        region=draw(st.sampled_from(REGIONS)),
        insurance=draw(st.sampled_from(INSURANCES)),
        ratio_bp=draw(st.sampled_from((500, 1_000, 2_000))),
    )


@st.composite
def standards(draw: st.DrawFn) -> Standard:
    begins, ends = draw(spans())
    return Standard(
        begins=begins, ends=ends, region=draw(st.sampled_from(REGIONS)), fen=draw(st.integers(1, 9_999))
    )


def one_of_each_place(facts: list[Entry] | list[SelfPay] | list[Standard], *more: str) -> list[object]:
    """Return ``facts`` without a second one of the same place and first day, which no list holds."""
    kept = {}
    for fact in facts:
        kept.setdefault(tuple(getattr(fact, name) for name in ("region", "begins", *more)), fact)
    return list(kept.values())


def in_force(facts: list[object], place: str, day: date) -> list[object]:
    return [
        each
        for each in facts
        if place.startswith(each.region) and each.begins <= day and (each.ends is None or day <= each.ends)  # type: ignore[attr-defined]
    ]


def told(
    lists: tuple[list[Entry], list[SelfPay], list[Standard]],
    place: str,
    day: date,
    insurance: Insurance | None,
) -> tuple[object, ...] | None:
    """Return class, scope, first self-pay and standard as a person reads them off the facts."""
    of_class, of_share, of_price = (in_force(list(facts), place, day) for facts in lists)
    if not of_class:
        return None
    entry = max(of_class, key=lambda each: (len(each.region), each.begins, each.rank))  # type: ignore[attr-defined]
    shares = [each for each in of_share if each.insurance in (None, insurance)]  # type: ignore[attr-defined]
    share = max(
        shares,
        key=lambda each: (len(each.region), each.insurance is not None, each.begins),
        default=None,  # type: ignore[attr-defined]
    )
    price = max(of_price, key=lambda each: (len(each.region), each.begins), default=None)  # type: ignore[attr-defined]
    return (
        entry.klass,  # type: ignore[attr-defined]
        entry.scope,  # type: ignore[attr-defined]
        entry.negotiated,  # type: ignore[attr-defined]
        share.ratio_bp if share else 0,  # type: ignore[attr-defined]
        price.fen if price else None,  # type: ignore[attr-defined]
    )


def drug(rows: tuple[Listing, ...]) -> Drug:
    return Drug(code="X", generic_name="药", form="", spec="", maker="", approval="", listings=rows)


def shown(row: Listing) -> tuple[object, ...] | None:
    if row is NOT_LISTED:
        return None
    return row.klass, row.scope, row.negotiated, row.first_self_pay_bp, row.payment_standard


@settings(max_examples=400, deadline=None)
@given(
    st.lists(entries(), max_size=5),
    st.lists(self_pays(), max_size=5),
    st.lists(standards(), max_size=4),
    st.sampled_from(PLACES),
    st.sampled_from(INSURANCES),
)
def test_every_day_says_what_the_facts_in_force_on_it_say(
    made: list[Entry], shares: list[SelfPay], prices: list[Standard], place: str, insurance: Insurance | None
) -> None:
    lists = (
        one_of_each_place(made, "rank"),
        one_of_each_place(shares, "insurance"),
        one_of_each_place(prices),
    )
    sold = drug(flatten(*lists))  # type: ignore[arg-type]

    for offset in range(-1, 63):
        day = FIRST + timedelta(days=offset)
        expected = told(lists, place, day, insurance)  # type: ignore[arg-type]
        assert shown(listing_on(sold, day, place, insurance)) == expected, day


@settings(max_examples=200, deadline=None)
@given(st.lists(entries(), max_size=5), st.lists(self_pays(), max_size=5), st.lists(standards(), max_size=4))
def test_no_two_rows_of_one_place_and_insurance_speak_of_the_same_day(
    made: list[Entry], shares: list[SelfPay], prices: list[Standard]
) -> None:
    rows = flatten(made, shares, prices)

    for row in rows:
        same = [each for each in rows if (each.region, each.insurance) == (row.region, row.insurance)]
        later = [each for each in same if each.begins > row.begins]
        assert all(row.ends is not None and row.ends < each.begins for each in later)


def test_what_is_the_same_on_both_sides_of_a_boundary_is_one_row() -> None:
    first = Entry(begins=date(2025, 1, 1), ends=date(2025, 12, 31), klass="B")
    second = Entry(begins=date(2026, 1, 1), ends=None, klass="B")

    (row,) = flatten([first, second])

    assert (row.begins, row.ends) == (date(2025, 1, 1), None)


def test_a_class_c_entry_is_out_of_scope() -> None:
    (row,) = flatten([Entry(begins=date(2025, 1, 1), ends=None, klass="C")])

    assert not row.in_scope


def test_the_national_list_tells_of_the_region_s_row_that_a_drug_is_negotiated_and_until_when() -> None:
    regional = Listing(begins=date(2025, 1, 1), ends=None, klass="B", region="33", first_self_pay_bp=1_000)
    national = Listing(
        begins=date(2024, 1, 1),
        ends=date(2025, 12, 31),
        klass="B",
        negotiated=True,
        scope="限二线用药",
        payment_standard=880,
    )

    negotiated, after = overlay([regional], [national])

    assert (negotiated.begins, negotiated.ends) == (date(2025, 1, 1), date(2025, 12, 31))
    assert (negotiated.negotiated, negotiated.scope, negotiated.payment_standard) == (True, "限二线用药", 880)
    assert negotiated.first_self_pay_bp == after.first_self_pay_bp == 1_000
    assert (after.begins, after.ends, after.negotiated, after.scope) == (date(2026, 1, 1), None, False, "")


def test_a_row_counts_for_a_drug_while_it_is_matched_to_it_only() -> None:
    row = Listing(begins=date(2025, 1, 1), ends=None, klass="A", region="33")

    (held,) = clipped([row], "3306", date(2025, 6, 1), date(2025, 6, 30))

    assert (held.region, held.begins, held.ends) == ("3306", date(2025, 6, 1), date(2025, 6, 30))
    assert clipped([row], "37", date(2025, 6, 1), None) == ()
    assert clipped([row], "", date(2024, 6, 1), date(2024, 12, 31)) == ()
