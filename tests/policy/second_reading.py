"""A second reading of the contract, written from its text alone and as plainly as possible.

It knows the five documents by heart (which the engine must not) and shares no code with it, so that a
slip in either shows as a difference. Money is ``Fraction`` yuan; the answer has no texts, steps or clauses.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from fractions import Fraction

TWELVE = {
    "hypertension",
    "diabetes",
    "pulmonary_tuberculosis",
    "coronary_heart_disease",
    "bronchial_asthma",
    "chronic_kidney_disease",
    "copd",
    "chronic_liver_disease",
    "parkinsons_disease",
    "rheumatoid_arthritis",
    "alzheimers_disease",
    "schizophrenia_affective_psychosis",
}
FOUR_GROUPS = {
    "family_doctor_contract_last_year",
    "civil_affairs_hardship",
    "severe_disability",
    "priority_treatment_group",
}
SPECIAL = {
    "haemophilia": "0.75",
    "haemodialysis": "0.80",
    "haemofiltration": "0.70",
    "severe_mental_disorder": "0.70",
    "child_rehabilitation": "0.70",
}
PHARMACY = "retail_pharmacy"
INFINITE = Fraction(10**15)


class Missing(Exception):
    """The policy in force needs a figure from the agency that is not there."""


def answer(request: dict) -> dict:
    """Return the contract's answer to a well-formed request, without texts, steps and clauses."""
    policy = policy_in_force(request)
    refusals = [{"line": None, "code": code} for code in whole_claim_refusals(policy, request)]
    lines = request["lines"]
    if refusals:
        return put_together(policy, [self_pay(lines)], refusals)
    if policy == "liaocheng-2025" and "disease_class" not in (request.get("parameters") or {}):
        raise Missing("parameters.disease_class")
    refusals = [
        {"line": line["id"], "code": code} for line in lines for code in line_refusals(policy, request, line)
    ]
    refused = {refusal["line"] for refusal in refusals}
    payable = [line for line in lines if line["id"] not in refused]
    settlements = settle_all(policy, request, payable)
    rest = [line for line in lines if line["id"] in refused]
    if rest:
        settlements.append(self_pay(rest))
    return put_together(policy, settlements, refusals)


def policy_in_force(request: dict) -> str | None:
    city, insurance = request["patient"]["region"][:4], request["patient"]["insurance"]
    day = date.fromisoformat(request["date"])
    if (city, insurance) == ("3306", "resident"):
        if date(2019, 7, 1) <= day <= date(2023, 12, 31):
            return "shaoxing-2019"
        return "shaoxing-2023" if day >= date(2024, 1, 1) else None
    if (city, insurance) == ("3202", "resident") and day >= date(2019, 12, 12):
        return "wuxi-2019"
    if city == "3715" and day >= date(2025, 1, 1):
        return "liaocheng-2025"
    if (city, insurance) == ("4207", "employee") and day >= date(2023, 1, 1):
        return "ezhou-2023"
    return None


def place_of(request: dict) -> str | None:
    patient, where = request["patient"], request["provider"]["region"][:4]
    if where == patient["region"][:4]:
        return "local"
    return "offsite" if (patient.get("offsite_region") or "")[:4] == where else None


def covered(policy: str, place: str, kind: str) -> bool:
    if policy.startswith("shaoxing"):
        return place == "local" or kind != PHARMACY
    if policy == "wuxi-2019":
        return kind != PHARMACY if place == "local" else kind in ("primary", "secondary")
    if policy == "ezhou-2023":
        return place == "local" and kind == PHARMACY
    return True


def whole_claim_refusals(policy: str | None, request: dict) -> list[str]:
    if policy is None:
        return ["no_policy_in_force"]
    provider, kind = request["provider"], request["provider"]["kind"]
    codes = [] if provider["designated"] else ["provider_not_designated"]
    place = place_of(request)
    if place is None:
        return [*codes, "offsite_not_filed"]
    if not covered(policy, place, kind):
        return [*codes, "provider_kind_not_covered"]
    if policy in ("shaoxing-2019", "ezhou-2023") and kind == PHARMACY and not provider.get("listed"):
        codes.append("provider_not_listed")
    codes += gatekeeping(policy, request, place)
    codes += liaocheng_exclusions(policy, request)
    return codes + prescription_refusals(policy, request)


def agreed(request: dict) -> bool:
    provider = request["provider"]
    return provider["kind"] == "primary" and provider["id"] == request["patient"].get("agreed_provider")


def gatekeeping(policy: str, request: dict, place: str) -> list[str]:
    if policy != "wuxi-2019" or place != "local" or agreed(request) or request["patient"].get("referred"):
        return []
    return ["not_agreed_provider" if request["provider"]["kind"] == "primary" else "no_referral"]


def liaocheng_exclusions(policy: str, request: dict) -> list[str]:
    if policy != "liaocheng-2025":
        return []
    patient, codes = request["patient"], []
    if request["provider"]["kind"] == PHARMACY and not request["provider"].get("dual_channel"):
        codes.append("provider_not_dual_channel")
    if patient.get("in_hospital"):
        codes.append("in_hospital")
    enjoyed = set(patient.get("concurrent_benefits") or [])
    if "ltc_special_care" in enjoyed or (
        "ordinary_outpatient" in enjoyed and patient["insurance"] == "employee"
    ):
        codes.append("concurrent_benefit")
    return codes


def prescription_refusals(policy: str, request: dict) -> list[str]:
    rx, at_pharmacy = request.get("prescription"), request["provider"]["kind"] == PHARMACY
    if rx is None:
        return ["no_prescription"] if at_pharmacy else []
    codes = []
    issued = date.fromisoformat(rx["issued"])
    if at_pharmacy:
        accepted = {"external", "electronic"}
        if policy.startswith("shaoxing"):
            accepted.add("internet_hospital")
        if policy == "ezhou-2023":
            accepted = {"external"}
        if rx["source"] not in accepted:
            codes.append("prescription_source_not_accepted")
        if rx["source"] != "internet_hospital" and not rx["issuer_designated"]:
            codes.append("prescription_issuer_not_designated")
        codes += validity_refusals(rx, issued, date.fromisoformat(request["date"]))
        if policy == "liaocheng-2025" and not rx.get("confirmed"):
            codes.append("prescription_not_confirmed")
    if rx["supply_days"] > longest_supply(policy, rx, issued):
        codes.append("supply_too_long")
    return codes


def validity_refusals(rx: dict, issued: date, day: date) -> list[str]:
    last = date.fromisoformat(rx["valid_until"]) if rx.get("valid_until") else issued
    if rx["source"] == "external" and (last - issued).days > 2:
        last = issued + timedelta(days=2)
    if day < issued:
        return ["prescription_not_yet_valid"]
    return ["prescription_expired"] if day > last else []


def longest_supply(policy: str, rx: dict, issued: date) -> int:
    months = {"wuxi-2019": 2, "liaocheng-2025": 3 if rx.get("travel") else 1}.get(policy)
    if months is None:
        return 84
    month = issued.month + months
    year, month = issued.year + (month - 1) // 12, (month - 1) % 12 + 1
    last = calendar.monthrange(year, month)[1]
    return date(year, month, min(issued.day, last)).toordinal() - issued.toordinal()


def line_refusals(policy: str, request: dict, line: dict) -> list[str]:
    codes = ["not_in_catalogue"] if line["class"] == "C" else []
    if policy != "ezhou-2023":
        disease, filed = line.get("disease"), set(request["patient"]["filed_diseases"])
        if disease is None:
            codes.append("no_disease")
        elif disease not in diseases_of(policy, request):
            codes.append("disease_not_covered")
        elif disease not in filed and policy != "shaoxing-2019":
            codes.append("disease_not_filed")
    if not line["in_scope"]:
        codes.append("drug_out_of_scope")
    if policy == "wuxi-2019" and not request.get("accumulators", {}).get("ordinary_exhausted"):
        codes.append("ordinary_not_exhausted")
    if policy == "liaocheng-2025" and request["provider"]["kind"] == PHARMACY and not line.get("negotiated"):
        codes.append("not_negotiated_drug")
    return codes


def diseases_of(policy: str, request: dict) -> set[str]:
    if policy == "wuxi-2019":
        return {"hypertension", "diabetes"}
    if policy == "liaocheng-2025":
        return set(request["parameters"]["disease_class"])
    return TWELVE


def settle_all(policy: str, request: dict, payable: list[dict]) -> list[dict]:
    sums = dict(request.get("accumulators") or {})
    if policy == "ezhou-2023":
        return [settle(policy, request, None, payable, sums)] if payable else []
    order = list(dict.fromkeys(line["disease"] for line in payable))
    return [
        settle(policy, request, disease, [line for line in payable if line["disease"] == disease], sums)
        for disease in order
    ]


def settle(policy: str, request: dict, disease: str | None, lines: list[dict], sums: dict) -> dict:
    total = over = first = Fraction(0)
    for line in lines:
        price, quantity = Fraction(line["unit_price"]), line["quantity"]
        standard = price if line.get("payment_standard") is None else Fraction(line["payment_standard"])
        total += price * quantity
        over += max(Fraction(0), price - standard) * quantity
        if line["class"] == "B":
            first += to_fen(min(price, standard) * quantity * Fraction(line.get("first_self_pay_ratio", "0")))
    scope = total - over - first
    class_b = policy == "liaocheng-2025" and request["parameters"]["disease_class"][disease] == "B"
    left = deductible_of(policy, request, class_b) - paid(sums, "deductible_paid")
    deductible = min(scope, max(Fraction(0), left))
    ratio = ratio_of(policy, request, disease)
    before_cap = to_fen((scope - deductible) * ratio)
    fund = min(before_cap, room_left(policy, request, class_b, sums))
    for key in ("fund_paid", "pool_fund_paid", *(["fund_paid_class_b"] if class_b else [])):
        sums[key] = paid(sums, key) + fund
    sums["deductible_paid"] = paid(sums, "deductible_paid") + deductible
    assistance = Fraction(0)
    help_ratio = request.get("parameters", {}).get("assistance_ratio")
    assisted = "medical_assistance" in (request["patient"].get("groups") or [])
    if policy == "liaocheng-2025" and assisted and help_ratio is not None:
        assistance = to_fen((scope - fund) * Fraction(help_ratio))
    benefit = {"wuxi-2019": "two_disease_drugs", "liaocheng-2025": "chronic_special_outpatient"}
    benefit["ezhou-2023"] = "ordinary_outpatient"
    return {
        "benefit": benefit.get(policy, "chronic_outpatient"),
        "disease": disease,
        "lines": [line["id"] for line in lines],
        "total": total,
        "over_standard": over,
        "first_self_pay": first,
        "in_scope": scope,
        "deductible": deductible,
        "ratio": ratio,
        "fund": fund,
        "over_limit": before_cap - fund,
        "assistance": assistance,
        "patient": total - fund - assistance,
    }


def deductible_of(policy: str, request: dict, class_b: bool) -> Fraction:
    if policy == "shaoxing-2019":
        return Fraction(50)
    if class_b:
        return Fraction(600 if request["patient"]["insurance"] == "employee" else 500)
    if policy == "ezhou-2023":
        return paid(request.get("parameters") or {}, "deductible")
    return Fraction(0)


def ratio_of(policy: str, request: dict, disease: str | None) -> Fraction:
    patient, kind = request["patient"], request["provider"]["kind"]
    if policy == "ezhou-2023":
        return Fraction("0.68" if patient["status"] == "retired" else "0.60")
    if policy == "wuxi-2019":
        best = kind == "primary" if place_of(request) == "offsite" else agreed(request)
        return Fraction("0.60" if best else "0.50")
    if policy == "liaocheng-2025":
        return liaocheng_ratio(patient, disease, place_of(request))
    tuberculosis = disease == "pulmonary_tuberculosis"
    if kind == "primary":
        return Fraction("0.70" if tuberculosis else "0.60" if policy == "shaoxing-2019" else "0.65")
    if policy == "shaoxing-2023":
        return Fraction("0.50" if kind == "secondary" else "0.15")
    special = kind == PHARMACY and FOUR_GROUPS & set(patient.get("groups") or [])
    return Fraction("0.40" if special else "0.15")


def liaocheng_ratio(patient: dict, disease: str | None, place: str | None) -> Fraction:
    if patient["insurance"] == "employee":
        if disease == "haemodialysis" and place == "local":
            return Fraction("0.95")
        return Fraction("0.90" if patient["status"] == "retired" else "0.85")
    return Fraction(SPECIAL.get(disease or "", "0.65") if place == "local" else "0.65")


def room_left(policy: str, request: dict, class_b: bool, sums: dict) -> Fraction:
    parameters, patient = request.get("parameters") or {}, request["patient"]
    room = INFINITE
    if policy == "shaoxing-2019":
        room = (1200 if FOUR_GROUPS & set(patient.get("groups") or []) else 1000) - paid(sums, "fund_paid")
    elif policy == "shaoxing-2023":
        room = 1200 - paid(sums, "fund_paid")
    elif policy == "wuxi-2019":
        both = {"hypertension", "diabetes"} <= set(patient["filed_diseases"])
        room = (1000 if both else 800) - paid(sums, "ordinary_fund_paid") - paid(sums, "fund_paid")
    elif policy == "ezhou-2023" and "annual_limit" in parameters:
        room = paid(parameters, "annual_limit") - paid(sums, "fund_paid")
    elif policy == "liaocheng-2025":
        if class_b:
            room = class_b_limit(parameters, patient) - paid(sums, "fund_paid_class_b")
        if "pool_limit" in parameters:
            room = min(room, paid(parameters, "pool_limit") - paid(sums, "pool_fund_paid"))
    return max(Fraction(0), Fraction(room))


def class_b_limit(parameters: dict, patient: dict) -> Fraction:
    classes, limits = parameters["disease_class"], parameters.get("disease_limit") or {}
    filed = [disease for disease in set(patient["filed_diseases"]) if classes.get(disease) == "B"]
    if any(disease not in limits for disease in filed):
        raise Missing("parameters.disease_limit")
    return sum((Fraction(limits[disease]) for disease in filed), Fraction(0))


def self_pay(lines: list[dict]) -> dict:
    total = sum((Fraction(line["unit_price"]) * line["quantity"] for line in lines), Fraction(0))
    zeros = ("over_standard", "first_self_pay", "in_scope", "deductible", "ratio", "fund", "over_limit")
    return {
        "benefit": "self_pay",
        "disease": None,
        "lines": [line["id"] for line in lines],
        "total": total,
        **dict.fromkeys((*zeros, "assistance"), Fraction(0)),
        "patient": total,
    }


def put_together(policy: str | None, settlements: list[dict], refusals: list[dict]) -> dict:
    sums = {
        key: printed(sum((each[key] for each in settlements), Fraction(0)))
        for key in ("total", "fund", "assistance", "patient")
    }
    shown = [
        {key: printed(value) if isinstance(value, Fraction) else value for key, value in each.items()}
        for each in settlements
    ]
    return {"policy": policy, "settlements": shown, "refusals": refusals, **sums}


def paid(sums: dict, key: str) -> Fraction:
    return Fraction(sums.get(key, 0))


def to_fen(yuan: Fraction) -> Fraction:
    """Round a non-negative sum half-up to the fen."""
    return Fraction(int(yuan * 100 + Fraction(1, 2)), 100)


def printed(yuan: Fraction) -> str:
    fen = yuan * 100
    assert fen.denominator == 1
    return f"{fen.numerator // 100}.{fen.numerator % 100:02d}"
