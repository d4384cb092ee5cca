"""7204 and SY07: what a pharmacist said of a prescription.

7204 tells a review, passed or not; SY07, ours, that a paper prescription was refused. What the nation has no
field for travels in ``data.expContent``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

from engine.prescription import Prescription
from engine.protocol import codes
from engine.protocol.wire import ProtocolError, decode, encode, parse_seconds, seconds
from engine.refusal import ALTERED, RefusalReport, Reported
from engine.sale import Sale

LONGEST = 2_000
"""Characters of the longest text that the nation has room for."""

_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_Text = Annotated[str, Meta(max_length=LONGEST)]


class ReviewFacts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``data.expContent`` of a 7204: whose prescription, which sale or refusal, what was found."""

    psn_no: str = ""
    sale: str = ""
    refusal: str = ""
    covers: str = ""  # The digest of what was reviewed.
    overrides: tuple[tuple[str, str], ...] = ()  # Finding and reason.
    found: tuple[Reported, ...] = ()
    seen: Prescription | None = None  # One that is not as its platform signed it: to the letter.


class ReviewResult(Struct, frozen=True, kw_only=True):
    """Node ``data`` of 7204."""

    hi_rxno: _Id
    phar_certno: _Text
    phar_name: _Text
    rchk_phar_certno: _Text
    rchk_phar_name: _Text
    rx_chk_opnn: _Text
    rx_chk_stas_codg: str
    rx_chk_time: str
    phar_cert_type: str = codes.CERT_TYPE_ID
    rchk_phar_cert_type: str = codes.CERT_TYPE_ID
    phar_prac_cert_no: _Text = ""
    phar_sign_info: _Text = ""
    expContent: str | None = None


class _ReviewIn(Struct, frozen=True):
    data: ReviewResult


class _RefusalIn(Struct, frozen=True):
    data: RefusalReport


def review_input(sale: Sale) -> str:
    """Return the ``input`` of the 7204 that tells the review of a sale.

    Raises ValueError without a prescription.
    """
    prescription = sale.draft.prescription
    if prescription is None:
        raise ValueError("a sale without a prescription has no review")
    signed = sale.draft.signed
    name, licence = (signed.pharmacist, signed.licence) if signed else (sale.operator, "")
    overrides = tuple((each.code, each.reason) for each in signed.overrides) if signed else ()
    passed = "四查十对通过，同意调配。"
    said = "；".join(reason for _code, reason in overrides)
    return _review(
        prescription,
        name=name,
        licence=licence,
        at=signed.at if signed else sale.made_at,
        status=codes.REVIEW_PASSED,
        opinion=(f"{passed}说明：{said}。" if said else passed)[:LONGEST],
        facts=ReviewFacts(
            psn_no=prescription.psn_no or "",
            sale=sale.number,
            covers=signed.covers if signed else "",
            overrides=overrides,
        ),
    )


def refused_input(report: RefusalReport) -> str:
    """Return the ``input`` of the 7204 that tells the refusal of an electronic prescription."""
    return _review(
        report.prescription,
        name=report.by,
        licence=report.licence,
        at=report.at,
        status=codes.REVIEW_REFUSED,
        opinion="".join(each.text for each in report.found)[:LONGEST],
        facts=ReviewFacts(
            psn_no=report.prescription.psn_no or "",
            refusal=report.id,
            found=report.found,
            seen=report.prescription if any(each.code == ALTERED for each in report.found) else None,
        ),
    )


def refusal_input(report: RefusalReport) -> str:
    """Return the ``input`` of an SY07: a paper prescription was refused."""
    return encode(_RefusalIn(report))


def read_review(raw: Raw) -> tuple[ReviewResult, ReviewFacts]:
    """Return a 7204 as read; raise ProtocolError."""
    told = decode(_ReviewIn, raw, "交易输入 input").data
    parse_seconds(told.rx_chk_time, "rx_chk_time")
    if told.rx_chk_stas_codg not in (codes.REVIEW_PASSED, codes.REVIEW_REFUSED):
        raise ProtocolError("rx_chk_stas_codg 只能是通过或不通过，请核对后重新发送。")
    facts = decode(ReviewFacts, told.expContent, "data.expContent") if told.expContent else ReviewFacts()
    return told, facts


def read_refusal(raw: Raw) -> RefusalReport:
    """Return an SY07 as read; raise ProtocolError."""
    told = decode(_RefusalIn, raw, "交易输入 input").data
    if not told.id or not told.found or not told.prescription.number:
        raise ProtocolError("拒付上报要有编号、处方号和原因，请补齐后重新发送。")
    return told


def _review(
    prescription: Prescription,
    *,
    name: str,
    licence: str,
    at: datetime,
    status: str,
    opinion: str,
    facts: ReviewFacts,
) -> str:
    # The house knows a pharmacist by name and licence; where a platform wants an id, the licence is told.
    result = ReviewResult(
        hi_rxno=prescription.number,
        phar_certno=licence,
        phar_name=name,
        phar_prac_cert_no=licence,
        rchk_phar_certno=licence,
        rchk_phar_name=name,
        rx_chk_opnn=opinion,
        rx_chk_stas_codg=status,
        rx_chk_time=seconds(at),
        phar_sign_info=facts.covers,
        expContent=encode(facts),
    )
    return encode(_ReviewIn(result))
