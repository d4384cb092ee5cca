"""A sixth city whose rules the five know is a new file and no code."""

import pytest

from engine.policy.packs import load_library
from tests.fakes.policy_requests import ask, changed, codes, shaoxing_2023, texts

CITED = 'section = "第三条"\nchecked_on = 2026-11-22\n'
PACK = """
id = "hangzhou-2026"
title = "虚构：杭州市门诊慢性病办法"
document = "杭虚〔2026〕1号"
city = "3301"
insurance = ["resident", "employee"]
benefit = "chronic_outpatient"
by_disease = true
disease_names = { gout = "痛风" }
validity = { begins = 2026-01-01, section = "第九条", checked_on = 2026-11-22 }
""" + "".join(
    f"\n[[{family}]]\n{keys}\n{CITED}"
    for family, keys in [
        ("basis", 'of = "offsite_not_filed"'),
        ("basis", 'of = "over_standard"'),
        ("basis", 'of = "first_self_pay"'),
        ("coverage", "covered = true"),
        ("requires", 'what = "designated"'),
        ("requires", 'what = "filed"'),
        ("requires", 'what = "prescription"\nwhen = { kind = "retail_pharmacy", insurance = "resident" }'),
        ("requires", 'what = "in_scope"\nid = "range"'),
        ("requires", 'what = "in_scope"\nasked = false\noverrides = "range"\nwhen = { status = "retired" }'),
        ("sources", 'accepted = "electronic"'),
        ("diseases", 'keys = ["gout", "hypertension"]'),
        ("deductible", 'yuan = "10"'),
        ("ratio", 'id = "base"\nratio = "0.125"'),
        (
            "ratio",
            'overrides = "base"\nwhen = { disease = "gout", groups = "severe_disability" }\nratio = "1"',
        ),
        ("limit", 'pot = "year"\nyuan = "500"\ncounts = ["fund_paid"]\nadds_to = ["fund_paid"]'),
    ]
)


@pytest.fixture
def six_cities(tmp_path):
    file = tmp_path / "hangzhou-2026.toml"
    file.write_text(PACK, encoding="utf-8")
    return load_library(texts() | {file.name: file.read_text(encoding="utf-8")})


def request_in_hangzhou(**changes):
    here = {"date": "2026-05-05", "patient.region": "330106", "provider.region": "330100"}
    paper = {"prescription.issued": "2026-05-05", "prescription.source": "electronic"}
    return changed(shaoxing_2023(), here | paper | changes)


def test_the_new_city_is_computed_by_its_own_file(six_cities):
    answer = ask(request_in_hangzhou(), six_cities)

    assert answer["policy"] == "hangzhou-2026"
    assert answer["fund"] == "11.25"  # (100 − 10) × 12.5 %
    assert answer["settlements"][0]["ratio"] == "0.125"
    assert answer["settlements"][0]["steps"][-1]["clause"] == {
        "document": "杭虚〔2026〕1号",
        "section": "第三条",
    }


def test_its_special_clause_goes_before_the_general_one(six_cities):
    gout = {"lines.0.disease": "gout", "patient.filed_diseases": ["gout"]}
    answer = ask(request_in_hangzhou(**gout, **{"patient.groups": ["severe_disability"]}), six_cities)

    assert answer["fund"] == "90.00"
    assert [step["rule"] for step in answer["settlements"][0]["steps"]] == ["deductible", "fund_share"]


def test_what_it_does_not_ask_is_not_asked(six_cities):
    retired = {"patient.insurance": "employee", "patient.status": "retired"}
    free = {"prescription": None, "lines.0.in_scope": False}

    assert codes(ask(request_in_hangzhou(**retired, **free), six_cities)) == []
    assert codes(ask(request_in_hangzhou(**free), six_cities)) == ["no_prescription"]
    assert codes(ask(request_in_hangzhou(**{"lines.0.in_scope": False}), six_cities)) == ["drug_out_of_scope"]


def test_it_limits_no_supply_where_its_file_limits_none(six_cities):
    assert codes(ask(request_in_hangzhou(**{"prescription.supply_days": 366}), six_cities)) == []


def test_its_words_for_diseases_are_used(six_cities):
    answer = ask(request_in_hangzhou(**{"lines.0.disease": "gout"}), six_cities)

    assert "痛风" in answer["refusals"][0]["message"]


def test_the_other_cities_stay_as_they_were(six_cities):
    assert ask(shaoxing_2023(), six_cities) == ask(shaoxing_2023())
