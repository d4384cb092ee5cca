"""1101, 5301 and 5206 together give the till a person as the agency knows them."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import Raw

from engine.ids import Scan
from engine.person import Person
from engine.protocol.person import (
    filings_output,
    look_up_input,
    person_output,
    read_filings,
    read_person,
    read_sums,
    read_whose,
    sums_output,
    whose_input,
)
from engine.protocol.wire import ProtocolError
from tests.fakes.agency_line import NOW, demonstration


def _raw(text: str) -> Raw:
    return Raw(text.encode())


@pytest.mark.parametrize("whose", demonstration().people, ids=lambda each: each.psn_no)
def test_a_person_survives_the_three_messages_whole(whose: Person) -> None:
    read = read_person(
        _raw(person_output(whose, NOW.date())),
        filings=read_filings(_raw(filings_output(whose.filings))),
        snapshot=read_sums(
            _raw(sums_output(whose.insurance, whose.snapshot)),
            year=whose.snapshot.year,
            as_of=whose.snapshot.as_of,
        ),
    )

    assert read == whose


def test_voucher_card_and_id_have_their_own_credential_types() -> None:
    asked = [
        msgspec.json.decode(look_up_input(Scan(kind, "1")))["data"]
        for kind in ("voucher", "resident_id", "card")
    ]

    assert [each["mdtrt_cert_type"] for each in asked] == ["01", "02", "03"]


def test_platform_without_our_extras_still_gives_a_person() -> None:
    told = (
        '{"baseinfo":{"psn_no":"1","certno":"2","psn_name":"甲","gend":"2","brdy":"1956-04-12","expContent":"x"},'
        '"insuinfo":[{"insutype":"310","psn_type":"1201","insuplc_admdvs":"420704","psn_insu_stas":"2"},'
        '{"insutype":"390","psn_type":"15","insuplc_admdvs":"330681","balc":0}]}'
    )
    year = read_sums(
        _raw(
            '{"cuminfo":[{"insutype":"390","year":"2026","cum_ym":"202611","cum_type_code":"D390101","cum":"12.30"}]}'
        ),
        year=2026,
        as_of=NOW,
    )

    read = read_person(_raw(told), filings=(), snapshot=year)

    assert (read.insurance, read.status, read.region, read.sex) == ("resident", None, "330681", "女")
    assert (read.snapshot.accumulators.fund_paid, read.snapshot.accumulators.pool_fund_paid) == (1230, 1230)


def test_person_whose_insurance_is_paused_is_no_insured_person() -> None:
    told = (
        '{"baseinfo":{"psn_no":"1","certno":"2","psn_name":"甲","gend":"2","brdy":"1956-04-12"},'
        '"insuinfo":[{"insutype":"310","psn_type":"11","insuplc_admdvs":"420704","psn_insu_stas":"4"}]}'
    )

    with pytest.raises(ProtocolError, match="没有正常参保"):
        read_person(_raw(told), filings=(), snapshot=demonstration().people[0].snapshot)


def test_year_of_a_query_is_read_from_its_month() -> None:
    assert read_whose(_raw(whose_input("1", 2025))) == ("1", 2025)
    assert read_whose(_raw(whose_input("1"))) == ("1", None)
    with pytest.raises(ProtocolError):
        read_whose(_raw('{"data":{"psn_no":"1","cum_ym":"2025年"}}'))
