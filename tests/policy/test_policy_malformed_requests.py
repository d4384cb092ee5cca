"""A malformed request is refused with its place, and nothing in it is guessed at."""

import json

import pytest

from tests.fakes.policy_requests import CITIES, ask, changed, prescription

BASE = CITIES["liaocheng-2025"]()
ABSENT = object()


def without(request, place):
    *path, last = place.split(".")
    result = json.loads(json.dumps(request))
    at = result
    for step in path:
        at = at[int(step)] if isinstance(at, list) else at[step]
    del at[last]
    return result


@pytest.mark.parametrize(
    "place, value, path",
    [
        ("date", "2025-02-29", "date"),
        ("date", "2025-5-5", "date"),
        ("date", "２０２５-05-05", "date"),
        ("date", "2025-05-05T00:00:00", "date"),
        ("date", 20250505, "date"),
        ("date", None, "date"),
        ("mood", 1, "mood"),
        ("patient", [], "patient"),
        ("patient.mood", 1, "patient.mood"),
        ("patient.region", "33060", "patient.region"),
        ("patient.region", "3306022", "patient.region"),
        ("patient.region", "３３０６０２", "patient.region"),
        ("patient.region", "330602\n", "patient.region"),
        ("patient.region", "", "patient.region"),
        ("patient.insurance", "farmer", "patient.insurance"),
        ("patient.status", None, "patient.status"),
        ("patient.status", "", "patient.status"),
        ("patient.filed_diseases", None, "patient.filed_diseases"),
        ("patient.filed_diseases", ["Diabetes"], "patient.filed_diseases"),
        ("patient.filed_diseases", [""], "patient.filed_diseases"),
        ("patient.filed_diseases", ["a\n"], "patient.filed_diseases"),
        ("patient.filed_diseases", "diabetes", "patient.filed_diseases"),
        ("patient.groups", ["rich"], "patient.groups[0]"),
        ("patient.groups", None, "patient.groups"),
        ("patient.offsite_region", "", "patient.offsite_region"),
        ("patient.agreed_provider", "", "patient.agreed_provider"),
        ("patient.referred", 0, "patient.referred"),
        ("patient.referred", None, "patient.referred"),
        ("patient.in_hospital", "false", "patient.in_hospital"),
        ("patient.concurrent_benefits", ["gym"], "patient.concurrent_benefits[0]"),
        ("provider.id", "", "provider.id"),
        ("provider.region", "33x602", "provider.region"),
        ("provider.kind", "clinic", "provider.kind"),
        ("provider.listed", None, "provider.listed"),
        ("provider.mood", 1, "provider.mood"),
        ("prescription", [], "prescription"),
        ("prescription.source", "fax", "prescription.source"),
        ("prescription.issued", "2025-13-01", "prescription.issued"),
        ("prescription.issued", None, "prescription.issued"),
        ("prescription.valid_until", "2025-05-04", "prescription.valid_until"),
        ("prescription.valid_until", "", "prescription.valid_until"),
        ("prescription.supply_days", 0, "prescription.supply_days"),
        ("prescription.supply_days", 367, "prescription.supply_days"),
        ("prescription.supply_days", True, "prescription.supply_days"),
        ("prescription.travel", None, "prescription.travel"),
        ("prescription.mood", 1, "prescription.mood"),
        ("accumulators", None, "accumulators"),
        ("accumulators.fund_paid", 0, "accumulators.fund_paid"),
        ("accumulators.fund_paid", "-1", "accumulators.fund_paid"),
        ("accumulators.ordinary_exhausted", 1, "accumulators.ordinary_exhausted"),
        ("accumulators.mood", "1", "accumulators.mood"),
        ("parameters", None, "parameters"),
        ("parameters.deductible", None, "parameters.deductible"),
        ("parameters.annual_limit", "1e3", "parameters.annual_limit"),
        ("parameters.disease_class", {"gout": "C"}, "parameters.disease_class"),
        ("parameters.disease_class", {"Gout": "A"}, "parameters.disease_class"),
        ("parameters.disease_limit", {"gout": 5}, "parameters.disease_limit"),
        ("parameters.disease_limit", {"gout": "5.555"}, "parameters.disease_limit.gout"),
        ("parameters.disease_limit", {"": "5"}, "parameters.disease_limit"),
        ("parameters.pool_limit", "1234567890", "parameters.pool_limit"),
        ("parameters.assistance_ratio", "1.5", "parameters.assistance_ratio"),
        ("parameters.assistance_ratio", "", "parameters.assistance_ratio"),
        ("parameters.mood", "1", "parameters.mood"),
        ("lines", [], "lines"),
        ("lines", {}, "lines"),
        ("lines", None, "lines"),
        ("lines", [None], "lines[0]"),
        ("lines.0.mood", 1, "lines[0].mood"),
        ("lines.0.id", "", "lines[0].id"),
        ("lines.0.id", 1, "lines[0].id"),
        ("lines.0.drug", "", "lines[0].drug"),
        ("lines.0.quantity", 0, "lines[0].quantity"),
        ("lines.0.quantity", 1_000_001, "lines[0].quantity"),
        ("lines.0.quantity", 10**40, "lines[0].quantity"),
        ("lines.0.quantity", 2.0, "lines[0].quantity"),
        ("lines.0.quantity", "2", "lines[0].quantity"),
        ("lines.0.quantity", True, "lines[0].quantity"),
        ("lines.0.unit_price", "1.234", "lines[0].unit_price"),
        ("lines.0.unit_price", "1.", "lines[0].unit_price"),
        ("lines.0.unit_price", ".5", "lines[0].unit_price"),
        ("lines.0.unit_price", "5\n", "lines[0].unit_price"),
        ("lines.0.unit_price", "５", "lines[0].unit_price"),
        ("lines.0.unit_price", 5, "lines[0].unit_price"),
        ("lines.0.class", "D", "lines[0].class"),
        ("lines.0.class", "a", "lines[0].class"),
        ("lines.0.first_self_pay_ratio", "0.05", "lines[0].first_self_pay_ratio"),
        ("lines.0.first_self_pay_ratio", "0.00000", "lines[0].first_self_pay_ratio"),
        ("lines.0.first_self_pay_ratio", None, "lines[0].first_self_pay_ratio"),
        ("lines.0.first_self_pay_ratio", 0, "lines[0].first_self_pay_ratio"),
        ("lines.0.payment_standard", "", "lines[0].payment_standard"),
        ("lines.0.disease", "", "lines[0].disease"),
        ("lines.0.disease", "9lives", "lines[0].disease"),
        ("lines.0.in_scope", None, "lines[0].in_scope"),
        ("lines.0.negotiated", "yes", "lines[0].negotiated"),
    ],
)
def test_a_malformed_field_is_refused_at_its_place(place, value, path):
    answer = ask(changed(BASE, {place: value}))

    assert answer["error"]["code"] == "invalid_request"
    assert answer["error"]["path"] == path
    assert any("一" <= character <= "鿿" for character in answer["error"]["message"])


@pytest.mark.parametrize(
    "place",
    [
        *("date", "patient", "provider", "lines"),
        *("patient.region", "patient.insurance", "patient.filed_diseases"),
        *("provider.id", "provider.region", "provider.kind", "provider.designated"),
        *("prescription.source", "prescription.issued", "prescription.issuer_designated"),
        "prescription.supply_days",
        *(
            "lines.0.id",
            "lines.0.drug",
            "lines.0.quantity",
            "lines.0.unit_price",
            "lines.0.class",
            "lines.0.in_scope",
        ),
    ],
)
def test_a_required_field_that_is_not_there_is_named(place):
    answer = ask(without(BASE, place))

    assert answer["error"]["path"] == place.replace(".0.", "[0].")


@pytest.mark.parametrize(
    "place, value",
    [
        ("prescription", None),
        ("patient.offsite_region", None),
        ("patient.agreed_provider", None),
        ("prescription.valid_until", None),
        ("lines.0.payment_standard", None),
        ("lines.0.disease", None),
        ("lines.0.first_self_pay_ratio", "0.0000"),
        ("lines.0.unit_price", "0"),
        ("lines.0.quantity", 1_000_000),
        ("lines.0.unit_price", "999999999.99"),
        ("patient.groups", ["medical_assistance", "medical_assistance"]),
        ("date", "9999-12-31"),
    ],
)
def test_what_the_contract_allows_is_answered(place, value):
    assert "error" not in ask(changed(BASE, {place: value}))


def test_two_lines_do_not_share_an_id():
    answer = ask(BASE | {"lines": [BASE["lines"][0], BASE["lines"][0]]})

    assert answer["error"]["path"] == "lines[1].id"


def test_residents_have_no_status():
    answer = ask(changed(BASE, {"patient.insurance": "resident"}))

    assert answer["error"]["path"] == "patient.status"


def test_a_malformed_request_is_refused_before_any_policy():
    answer = ask(changed(BASE, {"date": "1999-01-01", "parameters": {}, "lines.0.quantity": 0}))

    assert answer["error"]["code"] == "invalid_request"


def test_a_prescription_of_the_last_day_there_is_can_be_answered():
    request = BASE | {"prescription": prescription("9999-12-31", supply_days=366), "date": "9999-12-31"}

    assert [refusal["code"] for refusal in ask(request)["refusals"]][-1] == "supply_too_long"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"nonsense",
        b"[]",
        b"null",
        b"1",
        b"NaN",
        b'{"date": NaN}',
        b"{} {}",
        b'{"a": ' + b"[" * 100_000,
        b"[" * 100_000,
        b'{"date": "\xff"}',
        b'{"date": "\\ud800"}',
        json.dumps(BASE).encode() + b"]",
        json.dumps(BASE).encode("utf-16"),
        json.dumps(BASE).replace("P1", "\\ud800").encode(),
        json.dumps(BASE).replace('"quantity": 1,', '"quantity": 1e2,').encode(),
        json.dumps(BASE).replace('"quantity": 1,', f'"quantity": {"9" * 9999},').encode(),
    ],
)
def test_what_is_no_json_object_of_a_request_is_refused(text):
    assert ask(text)["error"]["code"] == "invalid_request"
