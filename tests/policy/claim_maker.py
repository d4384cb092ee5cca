"""Random claims around the edges of the five documents, and ways to spoil a well-formed one."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import date, timedelta

REGIONS = ("330600", "330602", "330681", "320200", "320281", "371500", "371502", "420700", "420704", "371526")
DISEASES = ("hypertension", "diabetes", "pulmonary_tuberculosis", "copd", "haemodialysis", "haemophilia")
RARE = ("haemofiltration", "severe_mental_disorder", "child_rehabilitation", "malignant_tumour", "gout")
GROUPS = (
    "family_doctor_contract_last_year",
    "civil_affairs_hardship",
    "severe_disability",
    "priority_treatment_group",
    "medical_assistance",
)
EDGES = ("2019-06-30", "2019-07-01", "2019-12-11", "2019-12-12", "2022-12-31", "2023-01-01", "2023-12-31")
LATER = ("2024-01-01", "2024-12-31", "2025-01-01", "2025-01-31", "2025-08-31", "2026-11-22", "2028-02-29")
STANDARDS = (None, None, "0", "0.01", "12.34", "33.00", "350")


def make_request(rng: random.Random) -> dict:
    """Return a well-formed request; most stand as a whole, many meet a deductible or a limit."""
    home = rng.choice(REGIONS)
    employee = home.startswith("42") or (not home.startswith(("33", "32")) and rng.random() < 0.5)
    if rng.random() < 0.06:
        employee = not employee
    day = date.fromisoformat(rng.choice(LATER if home.startswith("37") else EDGES + LATER * 2))
    if rng.random() < 0.4:
        day += timedelta(days=rng.randrange(-400, 400))
    request = {
        "date": day.isoformat(),
        "patient": _patient(rng, home, employee),
        "provider": _provider(rng, home),
        "lines": [_line(rng, home, str(number)) for number in range(1, rng.choice((2, 2, 3, 4, 6)))],
    }
    _add_optional(rng, request, day)
    return request


def _add_optional(rng: random.Random, request: dict, day: date) -> None:
    if request["provider"]["kind"] == "retail_pharmacy" or rng.random() < 0.3:
        request["prescription"] = _prescription(rng, day) if rng.random() < 0.95 else None
    if rng.random() < 0.85:
        request["accumulators"] = _accumulators(rng)
    if rng.random() < 0.9:
        request["parameters"] = _parameters(rng)


def _patient(rng: random.Random, home: str, employee: bool) -> dict:
    patient = {
        "region": home,
        "insurance": "employee" if employee else "resident",
        "status": rng.choice(("active", "retired")) if employee else None,
        "filed_diseases": rng.sample(DISEASES, rng.choice((2, 4, 6))) + rng.sample(RARE, rng.randrange(5)),
    }
    optional = {
        "groups": lambda: rng.sample(GROUPS, rng.randrange(4)),
        "offsite_region": lambda: rng.choice((None, "330106", *REGIONS)),
        "agreed_provider": lambda: rng.choice((None, "J1", "J1", "J2")),
        "referred": lambda: rng.random() < 0.5,
        "in_hospital": lambda: rng.random() < 0.05,
        "concurrent_benefits": lambda: rng.sample(
            ("ordinary_outpatient", "ltc_special_care"), rng.choice((0, 0, 0, 1, 2))
        ),
    }
    return patient | {key: make() for key, make in optional.items() if rng.random() < 0.6}


def _provider(rng: random.Random, home: str) -> dict:
    kind = rng.choice(("retail_pharmacy",) * 4 + ("primary", "primary", "secondary", "tertiary"))
    region = home if rng.random() < 0.85 else rng.choice(REGIONS)
    provider = {"id": rng.choice(("J1", "J1", "J2")), "region": region, "kind": kind}
    provider["designated"] = rng.random() < 0.95
    if rng.random() < 0.9:
        provider["listed"] = rng.random() < 0.9
        provider["dual_channel"] = rng.random() < 0.8
    return provider


def _prescription(rng: random.Random, day: date) -> dict:
    issued = day - timedelta(days=rng.choice((*(0,) * 8, 1, 2, 3, 9, -1)))
    prescription = {
        "source": rng.choice(("external",) * 5 + ("electronic", "internet_hospital")),
        "issued": issued.isoformat(),
        "issuer_designated": rng.random() < 0.9,
        "supply_days": rng.choice((*(28,) * 12, 1, 7, 29, 30, 31, 59, 60, 61, 62, 84, 85, 89, 92, 366)),
    }
    if rng.random() < 0.7:
        until = issued + timedelta(days=rng.choice((0, 1, 2, 3, 10)))
        prescription["valid_until"] = rng.choice((None, until.isoformat(), until.isoformat()))
    if rng.random() < 0.8:
        prescription |= {"travel": rng.random() < 0.4, "confirmed": rng.random() < 0.85}
    return prescription


def _accumulators(rng: random.Random) -> dict:
    sums = {
        "deductible_paid": rng.choice(("0", "30.00", "49.99", "50", "480.5", "599.99", "600", "700")),
        "fund_paid": rng.choice(("0.00", "290", "795", "995.5", "1195", "1199.99", "1200", "9999")),
        "ordinary_fund_paid": rng.choice(("0", "500", "799.9")),
        "ordinary_exhausted": rng.random() < 0.8,
        "fund_paid_class_b": rng.choice(("0", "1790.00", "4199", "5000")),
        "pool_fund_paid": rng.choice(("0", "99800", "99999.99", "150000")),
    }
    return {key: value for key, value in sums.items() if rng.random() < 0.7}


def _parameters(rng: random.Random) -> dict:
    known = DISEASES + RARE[:4]
    figures = {
        "deductible": rng.choice(("0", "500.00", "37.77")),
        "annual_limit": rng.choice(("0", "300", "4000")),
        "disease_class": {key: rng.choice("AB") for key in known if rng.random() < 0.9},
        "disease_limit": {key: rng.choice(("0", "1800", "2400.50")) for key in known if rng.random() < 0.97},
        "pool_limit": rng.choice(("100000", "150000")),
        "assistance_ratio": rng.choice(("0", "0.5", "0.3333", "1")),
    }
    return {key: value for key, value in figures.items() if rng.random() < (0.9 if "disease" in key else 0.5)}


def _line(rng: random.Random, home: str, number: str) -> dict:
    klass = rng.choice("AAABBBC")
    line = {
        "id": number,
        "drug": "XC08CAA001A001010100001",
        "quantity": rng.choice((1, 1, 2, 3, 7, 100)),
        "unit_price": rng.choice(
            ("0", "0.01", "0.1", "9.90", "33.33", "35.60", "360", "1234.56", "99999.99")
        ),
        "class": klass,
        "in_scope": rng.random() < 0.93,
    }
    if klass == "B" or rng.random() < 0.3:
        line["first_self_pay_ratio"] = (
            rng.choice(("0", "0.05", "0.1", "0.3333", "1")) if klass == "B" else "0"
        )
    if rng.random() < 0.95:
        likely = {"32": DISEASES[:2], "33": DISEASES[:4]}.get(home[:2], DISEASES)
        line["disease"] = rng.choice((*likely * 6, *DISEASES, *RARE, None))
    if rng.random() < 0.8:
        line["payment_standard"] = rng.choice(STANDARDS)
    if rng.random() < 0.9:
        line["negotiated"] = rng.random() < 0.8
    return line


def spoil(rng: random.Random, request: dict) -> dict:
    """Return a copy of a well-formed ``request`` with one thing malformed by the contract's rules."""
    spoiled = copy.deepcopy(request)
    while not rng.choice(_SPOILERS)(rng, spoiled):
        pass
    return spoiled


def _objects(request: dict) -> list[dict]:
    nested = [request[key] for key in ("patient", "provider", "prescription", "accumulators", "parameters")
              if request.get(key) is not None]  # fmt: skip
    return [request, *nested, *request["lines"]]


def _unknown_field(rng: random.Random, request: dict) -> bool:
    rng.choice(_objects(request))[rng.choice(("extra", "Date", "id ", "", "药"))] = rng.choice((1, None, "x"))
    return True


def _missing_field(rng: random.Random, request: dict) -> bool:
    line, rx = request["lines"][0], request.get("prescription")
    required = [(request, "date"), (request, "patient"), (request, "provider"), (request, "lines")]
    required += [(request["patient"], key) for key in ("region", "insurance", "filed_diseases")]
    required += [(request["provider"], key) for key in ("id", "region", "kind", "designated")]
    required += [(line, key) for key in ("id", "drug", "quantity", "unit_price", "class", "in_scope")]
    if rx:
        required += [(rx, key) for key in ("source", "issued", "issuer_designated", "supply_days")]
    where, key = rng.choice(required)
    del where[key]
    return True


BAD = {
    "bool": (1, 0, "true", None, [], 1.0),
    "integer": (True, "2", 2.0, 0, -1, 1_000_001, None, [2], 1e2),
    "money": (1, 1.5, "1.234", "-1", "", " 1", "1\n", "1,00", "1e3", "１", "0000000000", ".5", None, True),
    "ratio": (0.05, 1, "1.1", "0.12345", "", "-0.1", "00.1", "5%", ".05", "0.", "1.00001", "2", None),
    "text": ("", 1, None, ["x"], True),
    "region": ("33060", "3306000", "33060a", "３３０６００", "", 330600, None, "33060 ", "330600\n"),
    "disease": ("", "Hypertension", "1st", "高血压", "a-b", "_a", "a b", 1, "a\n", True),
    "day": ("2024-02-30", "2024-1-1", "20240101", "", "2024-01-01T00:00:00", 20240101, "２０２４-01-01"),
    "list": (None, "hypertension", {}, 1, [1], [None], [""], [["a"]]),
    "code": ("", "pharmacy", 1, None, "Resident", True),
    "object": ([], "x", 1, True),
}  # fmt: skip


def _bad_value(rng: random.Random, request: dict) -> bool:
    patient, provider, line = request["patient"], request["provider"], rng.choice(request["lines"])
    places = [(patient, "region", "region"), (provider, "region", "region"), (provider, "designated", "bool")]
    places += [
        (patient, "insurance", "code"),
        (patient, "filed_diseases", "list"),
        (patient, "groups", "list"),
    ]
    places += [(patient, "concurrent_benefits", "list"), (provider, "kind", "code"), (provider, "id", "text")]
    places += [(patient, key, "bool") for key in ("referred", "in_hospital")]
    places += [(provider, key, "bool") for key in ("listed", "dual_channel")]
    places += [(line, key, "text") for key in ("id", "drug")] + [(line, "quantity", "integer")]
    places += [(line, "unit_price", "money"), (line, "class", "code"), (line, "in_scope", "bool")]
    places += [
        (line, "negotiated", "bool"),
        (line, "first_self_pay_ratio", "ratio"),
        (line, "disease", "disease"),
    ]
    places += [(request, key, "object") for key in ("patient", "provider", "prescription", "parameters")]
    places += [(request, "accumulators", "object"), (request, "date", "day"), (request, "lines", "list")]
    where, key, kind = rng.choice(places)
    where[key] = rng.choice(BAD[kind])
    return True


def _bad_optional(rng: random.Random, request: dict) -> bool:
    sums, figures, rx = request.get("accumulators"), request.get("parameters"), request.get("prescription")
    places = []
    if sums is not None:
        places += [(sums, key, "money") for key in ("deductible_paid", "fund_paid", "fund_paid_class_b")]
        places += [(sums, "pool_fund_paid", "money"), (sums, "ordinary_exhausted", "bool")]
    if figures is not None:
        places += [(figures, key, "money") for key in ("deductible", "annual_limit", "pool_limit")]
        places += [(figures, "assistance_ratio", "ratio"), (figures, "disease_class", "object")]
        figures.setdefault("disease_limit", {})
        places += [(figures["disease_limit"], "hypertension", "money"), (figures, "disease_limit", "object")]
    if rx is not None:
        places += [(rx, "source", "code"), (rx, "issued", "day"), (rx, "issuer_designated", "bool")]
        places += [(rx, "travel", "bool"), (rx, "confirmed", "bool"), (rx, "valid_until", "day")]
        places += [(rx, "supply_days", "integer")]
    if not places:
        return False
    where, key, kind = rng.choice(places)
    where[key] = rng.choice(BAD[kind])
    return True


def _contradiction(rng: random.Random, request: dict) -> bool:
    patient, lines, rx = request["patient"], request["lines"], request.get("prescription")
    line = rng.choice(lines)
    return rng.choice(
        (
            lambda: _set(patient, "status", "active" if patient["insurance"] == "resident" else None),
            lambda: _set(request, "lines", []),
            lambda: len(lines) > 1 and _set(lines[0], "id", lines[-1]["id"]),
            lambda: line["class"] != "B" and _set(line, "first_self_pay_ratio", "0.05"),
            lambda: rx is not None and _set(rx, "valid_until", "2017-12-31"),
            lambda: rx is not None and _set(rx, "supply_days", rng.choice((0, 367))),
            lambda: patient["insurance"] == "employee" and patient.pop("status") and True,
        )
    )()


def _set(where: dict, key: str, value: object) -> bool:
    where[key] = value
    return True


_SPOILERS: tuple[Callable[[random.Random, dict], bool], ...] = (
    _unknown_field,
    _missing_field,
    _bad_value,
    _bad_value,
    _bad_optional,
    _contradiction,
)
