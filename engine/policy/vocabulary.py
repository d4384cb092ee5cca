"""The words that packs are written in: conditions, requirements, families of provisions and their keys."""

from __future__ import annotations

from typing import Any, get_args

from engine.policy import claim

PLACES = frozenset({"local", "offsite"})
KINDS = frozenset(get_args(claim.ProviderKind))
INSURANCES = frozenset(get_args(claim.Insurance))
GROUPS = frozenset(get_args(claim.Group))
SOURCES = frozenset(get_args(claim.Source))

CONDITIONS: dict[str, frozenset[Any] | None] = {
    "place": PLACES,
    "kind": KINDS,
    "insurance": INSURANCES,
    "status": frozenset(get_args(claim.Status)),
    "groups": GROUPS,
    "agreed": frozenset({True, False}),
    "filed_all": None,  # Disease keys: free, but of their form.
    "travel": frozenset({True, False}),
    "source": SOURCES,
    "disease": None,
    "disease_class": frozenset(get_args(claim.DiseaseClass)),
}

_CLAIM = frozenset({"place", "kind", "insurance", "status", "groups", "agreed", "filed_all"})
_LINE = _CLAIM | {"disease", "disease_class"}

WHEN: dict[str, frozenset[str]] = {
    "coverage": frozenset({"place", "kind", "insurance", "status"}),
    "requires": _CLAIM,
    "sources": _CLAIM,
    "supply": _CLAIM | {"travel"},
    "basis": _CLAIM,
    "diseases": frozenset(),
    "ratio": _LINE,
    "deductible": _LINE,
    "limit": _LINE,
    "assistance": _LINE,
    "good_for": frozenset({"source"}),
}
"""Which conditions each family may be tied to."""

FOR_SOURCE = frozenset({"designated_issuer", "confirmed_prescription"})
"""Requirements that may also be tied to the source of the prescription."""

REQUIREMENTS: dict[str, str] = {
    "designated": "provider_not_designated",
    "listed": "provider_not_listed",
    "agreed_or_referred": "not_agreed_provider",
    "referred": "no_referral",
    "dual_channel": "provider_not_dual_channel",
    "not_in_hospital": "in_hospital",
    "no_ordinary_outpatient": "concurrent_benefit",
    "no_ltc_special_care": "concurrent_benefit",
    "prescription": "no_prescription",
    "designated_issuer": "prescription_issuer_not_designated",
    "confirmed_prescription": "prescription_not_confirmed",
    "in_catalogue": "not_in_catalogue",
    "filed": "disease_not_filed",
    "in_scope": "drug_out_of_scope",
    "ordinary_exhausted": "ordinary_not_exhausted",
    "negotiated": "not_negotiated_drug",
}
"""What a pack may require, and the refusal where it is not met, in the contract's order."""

BASES = frozenset({"offsite_not_filed", "over_standard", "first_self_pay"})
"""What a provision of family ``basis`` may stand behind; a pack has all three."""

ACCUMULATORS = frozenset({"fund_paid", "ordinary_fund_paid", "fund_paid_class_b", "pool_fund_paid"})
PAYABLE = ACCUMULATORS - {"ordinary_fund_paid"}
"""Accumulators that a payment of this benefit may add to."""

KEYS: dict[str, frozenset[str]] = {
    "coverage": frozenset({"covered"}),
    "requires": frozenset({"what", "asked"}),
    "sources": frozenset({"accepted"}),
    "supply": frozenset({"days", "months"}),
    "basis": frozenset({"of"}),
    "diseases": frozenset({"keys", "parameter"}),
    "ratio": frozenset({"ratio"}),
    "deductible": frozenset({"yuan", "parameter"}),
    "limit": frozenset({"pot", "yuan", "parameter", "disease_limits", "counts", "adds_to"}),
    "assistance": frozenset({"parameter", "over_limit_counts"}),
    "good_for": frozenset({"days", "counted", "as_noted"}),
}

PACK_FAMILIES = tuple(family for family in KEYS if family != "good_for")
