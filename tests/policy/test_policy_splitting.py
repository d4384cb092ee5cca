"""How a basket splits into settlements, and what the later ones see of the earlier ones."""

from tests.fakes.policy_requests import CITIES, ask, changed, codes, line

DIABETES, HYPERTENSION = {"disease": "diabetes"}, {"disease": "hypertension"}


def settled(answer):
    return [(each["benefit"], each["disease"], each["lines"]) for each in answer["settlements"]]


def test_settlements_come_in_the_order_of_each_diseases_first_payable_line():
    lines = [
        line("a", **{"class": "C"}, **DIABETES),
        line("b", **HYPERTENSION),
        line("c", **DIABETES),
        line("d", **HYPERTENSION),
    ]
    answer = ask(CITIES["shaoxing-2019"]() | {"lines": lines})

    assert settled(answer) == [
        ("chronic_outpatient", "hypertension", ["b", "d"]),
        ("chronic_outpatient", "diabetes", ["c"]),
        ("self_pay", None, ["a"]),
    ]


def test_the_deductible_paid_in_one_settlement_is_not_asked_again_in_the_next():
    lines = [line("1", unit_price="30.00", **HYPERTENSION), line("2", unit_price="30.00", **DIABETES)]
    answer = ask(CITIES["shaoxing-2019"]() | {"lines": lines})

    assert [each["deductible"] for each in answer["settlements"]] == ["30.00", "20.00"]


def test_the_limit_left_by_one_settlement_is_all_that_the_next_has():
    lines = [line("1", **HYPERTENSION), line("2", **DIABETES)]
    request = changed(
        CITIES["shaoxing-2019"](), {"accumulators.fund_paid": "980", "accumulators.deductible_paid": "50"}
    )
    answer = ask(request | {"lines": lines})

    assert [each["fund"] for each in answer["settlements"]] == ["15.00", "5.00"]


def test_class_b_and_the_pool_are_kept_apart():
    request = changed(
        CITIES["liaocheng-2025"](),
        {
            "patient.filed_diseases": ["hypertension", "malignant_tumour"],
            "parameters.pool_limit": "150",
            "accumulators.fund_paid_class_b": "1790",
        },
    )
    lines = [line("1", negotiated=True), line("2", negotiated=True, disease="malignant_tumour")]
    lines.append(line("3", negotiated=True, unit_price="100.00"))
    answer = ask(request | {"lines": lines})

    # Class B: 200 × 85 % = 170, 10 left of its limit; class A: 85 out of the 140 left of the pool.
    assert [each["fund"] for each in answer["settlements"]] == ["10.00", "85.00"]
    assert answer["settlements"][0]["over_limit"] == "160.00"


def test_where_no_disease_is_asked_all_payable_lines_share_one_settlement():
    lines = [
        line("1", **HYPERTENSION),
        line("2", disease=None),
        line("3", in_scope=False),
        line("4", **DIABETES),
    ]
    answer = ask(CITIES["ezhou-2023"]() | {"lines": lines})

    assert settled(answer) == [("ordinary_outpatient", None, ["1", "2", "4"]), ("self_pay", None, ["3"])]


def test_a_self_paid_settlement_cites_what_its_first_lines_first_refusal_cites():
    lines = [line("1", disease=None, in_scope=False), line("2", disease="gout")]
    answer = ask(CITIES["shaoxing-2019"]() | {"lines": lines})

    [settlement] = answer["settlements"]
    [step] = settlement["steps"]
    assert codes(answer) == ["no_disease", "drug_out_of_scope", "disease_not_covered"]
    assert step["rule"] == "self_pay"
    assert step["amount"] == settlement["patient"] == "200.00"
    assert step["clause"] == answer["refusals"][0]["clause"]


def test_where_no_policy_is_in_force_nothing_is_cited():
    answer = ask(CITIES["shaoxing-2019"]() | {"date": "2019-06-30"})

    assert answer["policy"] is None
    assert codes(answer) == ["no_policy_in_force"]
    assert answer["refusals"][0]["clause"] is None
    assert answer["settlements"][0]["steps"][0]["clause"] is None


def test_a_negative_step_prints_with_its_sign():
    request = changed(
        CITIES["liaocheng-2025"](),
        {"patient.groups": ["medical_assistance"], "parameters.assistance_ratio": "1"},
    )
    steps = ask(request)["settlements"][0]["steps"]

    assert [(step["payer"], step["amount"]) for step in steps[-2:]] == [
        ("assistance", "15.00"),
        ("patient", "-15.00"),
    ]
