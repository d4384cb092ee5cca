"""Where a text can be read in two ways, the other reading computes too, and only where an agency takes it."""

import pytest

from engine.policy.packs import PackError
from tests.fakes.policy_requests import CITIES, ask, changed, codes, library, prescription, with_reading

OFFSITE = {"provider.region": "110101", "patient.offsite_region": "110105"}
HARDSHIP = {"patient.groups": ["civil_affairs_hardship"]}
HELPED = {
    "patient.groups": ["medical_assistance"],
    "parameters.assistance_ratio": "0.5",
    "parameters.pool_limit": "20",
}
TWO_POTS = {"patient.filed_diseases": ["hypertension", "diabetes"], "accumulators.fund_paid_class_b": "1790"}
ANY_SHOP = {"provider.dual_channel": False, "lines.0.negotiated": False, "prescription.confirmed": False}


@pytest.mark.parametrize(
    "pack, reading, other, changes, funds",
    [
        ("shaoxing-2019", "filing", "asked", {"patient.filed_diseases": []}, ("7.50", "0.00")),
        ("shaoxing-2023", "pharmacy_deductible", "kept", {}, ("15.00", "7.50")),
        ("shaoxing-2023", "pharmacy_deductible", "kept", {"provider.kind": "primary"}, ("65.00", "65.00")),
        ("shaoxing-2023", "pharmacy_groups", "kept", HARDSHIP, ("15.00", "40.00")),
        (
            "shaoxing-2023",
            "pharmacy_groups",
            "kept",
            HARDSHIP | {"provider.kind": "tertiary"},
            ("15.00", "15.00"),
        ),
        (
            "shaoxing-2023",
            "group_limit",
            "raised",
            HARDSHIP | {"accumulators.fund_paid": "1390"},
            ("0.00", "10.00"),
        ),
        ("shaoxing-2023", "group_limit", "raised", {"accumulators.fund_paid": "1390"}, ("0.00", "0.00")),
        (
            "wuxi-2019",
            "offsite_rules",
            "home",
            OFFSITE | {"patient.agreed_provider": "P2"},
            ("60.00", "0.00"),
        ),
        (
            "wuxi-2019",
            "offsite_rules",
            "home",
            OFFSITE | {"patient.agreed_provider": "P2", "patient.referred": True},
            ("60.00", "50.00"),
        ),
        ("wuxi-2019", "offsite_rules", "home", OFFSITE, ("60.00", "60.00")),
        ("liaocheng-2025", "class_b_pots", "own", TWO_POTS, ("85.00", "10.00")),
        ("liaocheng-2025", "pharmacies", "any_designated", ANY_SHOP, ("0.00", "85.00")),
        ("liaocheng-2025", "assistance_base", "without_over_limit", HELPED, ("20.00", "20.00")),
        (
            "ezhou-2023",
            "electronic",
            "electronic_too",
            {"prescription.source": "electronic"},
            ("0.00", "60.00"),
        ),
    ],
)
def test_the_other_reading_computes_when_it_is_taken(pack, reading, other, changes, funds):
    request = changed(CITIES[pack](), changes)

    answers = ask(request), ask(request, with_reading(pack, reading, other))

    assert tuple(answer["fund"] for answer in answers) == funds


def test_assistance_leaves_out_what_is_over_the_limit_where_read_so():
    request = changed(CITIES["liaocheng-2025"](), HELPED)

    assert ask(request)["assistance"] == "40.00"
    assert ask(request, with_reading("liaocheng-2025", "assistance_base", "without_over_limit"))[
        "assistance"
    ] == ("7.50")


def test_pots_of_their_own_need_only_their_own_figure():
    changes = TWO_POTS | {"parameters.disease_limit": {"hypertension": "1800"}}
    request = changed(CITIES["liaocheng-2025"](), changes)

    assert ask(request)["error"]["path"] == "parameters.disease_limit"
    assert ask(request, with_reading("liaocheng-2025", "class_b_pots", "own"))["fund"] == "10.00"


@pytest.mark.parametrize("day, in_all, after", [("03", [], []), ("04", ["prescription_expired"], [])])
def test_three_days_after_the_day_of_issue_are_one_more(day, in_all, after):
    given = {"prescription": prescription("2024-05-01", valid_until="2024-05-09"), "date": f"2024-05-{day}"}
    request = CITIES["shaoxing-2023"]() | given

    assert codes(ask(request)) == in_all
    assert codes(ask(request, with_reading("national", "three_days", "after"))) == after


def test_five_days_later_is_too_late_in_either_reading():
    request = CITIES["shaoxing-2023"]() | {
        "prescription": prescription("2024-04-30", valid_until="2024-05-09")
    }

    assert codes(ask(request, with_reading("national", "three_days", "after"))) == ["prescription_expired"]


def test_every_recorded_reading_has_a_question_and_the_answer_taken():
    readings = [reading for pack in library().packs for reading in pack.readings]

    assert {reading.id for reading in readings} == {
        *("filing", "pharmacy_deductible", "pharmacy_groups", "group_limit", "offsite_rules"),
        *("class_b_pots", "pharmacies", "assistance_base", "electronic"),
    }
    assert all(reading.question.endswith("？") for reading in readings)
    assert all(reading.taken in reading.answers for reading in readings)


def test_another_reading_changes_the_hash_that_goes_into_each_sale():
    taken = with_reading("shaoxing-2019", "filing", "asked").pack("shaoxing-2019")

    assert taken.hash != library().pack("shaoxing-2019").hash


@pytest.mark.parametrize(
    "pack, reading, answer", [("shaoxing-2019", "filing", "perhaps"), ("utopia", "a", "b")]
)
def test_a_reading_that_does_not_exist_is_refused(pack, reading, answer):
    with pytest.raises(PackError, match=reading if pack != "utopia" else pack):
        with_reading(pack, reading, answer)
