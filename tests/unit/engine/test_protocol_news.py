"""A page of news is taken whole or refused whole: nothing in it may make a sale wrong."""

from __future__ import annotations

import pytest
from msgspec import Raw
from msgspec.structs import replace

from engine.policy.claim import Accumulators
from engine.protocol.news import NewSnapshot, NewsPage, news_output, read_news
from engine.protocol.wire import LARGEST, ProtocolError
from tests.fakes.agency_line import demonstration

SHOWN = demonstration()
DRUG, PERSON, STORE = SHOWN.drugs[0], SHOWN.people[0], SHOWN.stores[0]
OWING = replace(PERSON.snapshot, accumulators=Accumulators(fund_paid=-1))
VAST = replace(PERSON.snapshot, accumulators=Accumulators(pool_fund_paid=LARGEST + 1))


def read(**news: object) -> NewsPage:
    page = NewsPage(cursor=9, more=False, **news)  # type: ignore[arg-type]
    return read_news(Raw(news_output(page).encode()))


def test_the_demonstration_is_read_as_it_was_sent() -> None:
    snapshots = (NewSnapshot(psn_no=PERSON.psn_no, snapshot=PERSON.snapshot),)

    page = read(stores=SHOWN.stores, people=SHOWN.people, drugs=SHOWN.drugs, snapshots=snapshots)

    assert (page.stores, page.people, page.drugs) == (SHOWN.stores, SHOWN.people, SHOWN.drugs)
    assert page.snapshots == snapshots


@pytest.mark.parametrize("price", [0, LARGEST])
def test_prices_within_bounds_are_taken(price: int) -> None:
    assert read(drugs=(replace(DRUG, price=price),)).drugs[0].price == price


@pytest.mark.parametrize("price", [-500, LARGEST + 1, 10**19])
def test_a_price_out_of_bounds_is_refused_and_named(price: int) -> None:
    with pytest.raises(ProtocolError, match=DRUG.generic_name):
        read(drugs=(replace(DRUG, price=price),))


@pytest.mark.parametrize("standard", [-1, LARGEST + 1])
def test_a_payment_standard_out_of_bounds_is_refused(standard: int) -> None:
    listing = replace(DRUG.listings[0], payment_standard=standard)

    with pytest.raises(ProtocolError, match=DRUG.generic_name):
        read(drugs=(replace(DRUG, listings=(listing,)),))


@pytest.mark.parametrize("snapshot", [OWING, VAST])
def test_sums_out_of_bounds_are_refused_with_a_person_and_alone(snapshot: object) -> None:
    with pytest.raises(ProtocolError, match="累计"):
        read(people=(replace(PERSON, snapshot=snapshot),))
    with pytest.raises(ProtocolError, match="累计"):
        read(snapshots=(NewSnapshot(psn_no=PERSON.psn_no, snapshot=snapshot),))  # type: ignore[arg-type]


@pytest.mark.parametrize("till", ["x", "1", "001", "a1", "²²", "１２", ""])
def test_a_shop_whose_till_is_not_two_digits_is_refused(till: str) -> None:
    with pytest.raises(ProtocolError, match="柜台"):
        read(stores=(replace(STORE, till=till),))


@pytest.mark.parametrize("provider", ["P1", "P330681000012", "", "P3306810000 ", "P3306810000山"])
def test_a_shop_whose_number_is_not_twelve_characters_is_refused(provider: str) -> None:
    with pytest.raises(ProtocolError, match="机构编号"):
        read(stores=(replace(STORE, provider=replace(STORE.provider, id=provider)),))
