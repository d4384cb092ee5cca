"""The synthetic drugs that the benchmarks measure on are shaped like real ones."""

from __future__ import annotations

from functools import cache
from itertools import islice

from bench.drugs import drugs
from engine.catalogue import Drug
from engine.codes import is_approval_number, parse_national_code
from engine.ids import is_drug_standard_code, is_ean13


@cache
def some() -> list[Drug]:
    """Return a fifth of the drugs, made where they are first looked at."""
    return list(drugs(60_000))


def test_each_has_codes_of_its_own_with_true_check_digits() -> None:
    assert all(parse_national_code(drug.code) is not None for drug in some())
    assert all(is_approval_number(drug.approval) for drug in some())
    assert all(is_ean13(drug.barcode or "") for drug in some())
    assert all(is_drug_standard_code(drug.standard_code or "") for drug in some())
    for field in ("code", "barcode", "standard_code", "trace_prefix"):
        assert len({getattr(drug, field) for drug in some()}) == len(some())


def test_there_are_as_many_generic_names_as_the_national_list_has() -> None:
    assert 15_000 <= len({drug.generic_name for drug in some()}) <= 20_000
    assert {len(drug.code) for drug in some()} == {20, 23}


def test_they_are_the_same_each_time_and_few_begin_as_many_do() -> None:
    assert list(islice(drugs(), 500)) == list(drugs(500)) == some()[:500]
