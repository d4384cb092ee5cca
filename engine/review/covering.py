"""What a pharmacist's signature covers, which findings need a reason first, and which nobody can pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from engine.policy.messages import MESSAGES
from engine.prescription import Finding
from engine.sale import Draft
from engine.signoff import Override

_BARRING = frozenset(
    {
        "prescription_not_yet_valid",
        "prescription_expired",
        "prescription_of_another",
        "drug_not_prescribed",
        "more_than_prescribed",
        "signature_altered",
    }
)

_OF_THE_FUND = frozenset(MESSAGES) | {"missing_parameter", "floor_limit", "lease_before_restore"}
"""Whether and what the fund pays: it comes and goes with the network, and is not the pharmacist's matter."""


def bars(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those findings under which no prescription-only drug may be handed over, whoever signs.

    Source: 药品管理法 (2019) 第五十四条 and 第五十八条: prescription-only drugs on a valid prescription,
    neither changed nor substituted. Whether the fund pays is another question, and bars nothing.
    """
    return tuple(finding for finding in findings if finding.code in _BARRING)


def needing_reason(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those findings that a pharmacist passes only by naming a reason (药品管理法 第五十八条)."""
    return tuple(each for each in findings if each.severity == "refused" and each.may_override)


def unpassed(findings: Iterable[Finding], overrides: Iterable[Override]) -> tuple[Finding, ...]:
    """Return those findings that need a reason and have none."""
    given = {(each.code, each.subject) for each in overrides if each.reason.strip()}
    return tuple(each for each in needing_reason(findings) if (each.code, each.subject) not in given)


def needs_signature(draft: Draft, findings: Iterable[Finding]) -> bool:
    """Tell whether the sale may only be settled signed: a prescription-only drug, or a finding to pass."""
    return any(line.drug.prescription_only for line in draft.lines) or bool(needing_reason(findings))


def digest_of_review(draft: Draft, findings: Iterable[Finding]) -> str:
    """Return the digest of what a signature covers: prescription, drugs and numbers, person, and findings.

    Boxes' codes, cash and the person's sums are not the pharmacist's matter, and the good news is not either:
    scanning the second box of a pack that was reviewed voids nothing.
    """
    person, prescription = draft.person, draft.prescription
    covered: list[Any] = [
        replace(prescription, download_id=None) if prescription else None,  # How it came here is no matter.
        sorted((line.drug.code, line.quantity, line.split) for line in draft.lines),
        [person.psn_no, person.cert_no] if person else None,
        draft.buyer,
        sorted(
            (each.code, each.subject, each.severity, each.text)
            for each in findings
            if each.severity != "ok" and (each.may_override or each.bars or each.code not in _OF_THE_FUND)
        ),
    ]
    encoded = msgspec.json.encode(covered, order="sorted")
    return hashlib.sha256(encoded).hexdigest()
