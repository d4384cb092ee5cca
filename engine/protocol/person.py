"""1101, 5301 and 5206: who somebody is, what is filed for them, and what their year comes to so far.

One look-up is these three calls. What the national messages lack of a person travels in ``expContent`` of
1101's ``baseinfo``; from a platform without it, the person is known by the national fields alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from engine.calendar import age_on
from engine.ids import Scan
from engine.money import Fen
from engine.person import Filing, Person, Snapshot
from engine.policy.claim import Accumulators, ConcurrentBenefit, Group, Insurance, Parameters
from engine.protocol import codes
from engine.protocol.wire import ProtocolError, decode, encode, fen_of, yuan

_Id = Annotated[str, Meta(min_length=1, max_length=50)]

CERT_TYPE = {"voucher": codes.VOUCHER, "resident_id": codes.RESIDENT_ID, "card": codes.CARD}
"""``mdtrt_cert_type`` by what was scanned."""


class Credential(Struct, frozen=True, kw_only=True):
    """Node ``data`` of 1101: what a person shows."""

    mdtrt_cert_type: str
    mdtrt_cert_no: _Id
    card_sn: str | None = None
    psn_cert_type: str | None = None
    certno: str | None = None
    psn_name: str | None = None


class PersonFacts(Struct, frozen=True, kw_only=True):
    """``expContent`` of ``baseinfo``: ours, what the national fields do not say of a person."""

    card_no: str | None = None
    region_name: str = ""
    groups: frozenset[Group] = frozenset()
    offsite_region: str | None = None
    agreed_provider: str | None = None
    agreed_provider_name: str | None = None
    referred: bool = False
    in_hospital: bool = False
    concurrent_benefits: frozenset[ConcurrentBenefit] = frozenset()
    parameters: Parameters = Parameters()


class BaseInfo(Struct, frozen=True, kw_only=True):
    """Node ``baseinfo``."""

    psn_no: _Id
    certno: str
    psn_name: str
    gend: str
    brdy: date
    psn_cert_type: str = codes.CERT_TYPE_ID
    age: Decimal = Decimal(0)
    naty: str = ""
    expContent: str | None = None


class InsuInfo(Struct, frozen=True, kw_only=True):
    """Node ``insuinfo``: one of perhaps several insurances; ``psn_insu_stas`` 1 is in force."""

    insutype: str
    psn_type: str
    insuplc_admdvs: str
    balc: Decimal = Decimal("0.00")
    psn_insu_stas: str | None = None
    cvlserv_flag: str = "0"
    emp_name: str | None = None


class IdetInfo(Struct, frozen=True, kw_only=True):
    """Node ``idetinfo``: a special standing; ours carries a ``groups`` key in ``memo``."""

    psn_idet_type: str
    begntime: str
    endtime: str | None = None
    memo: str | None = None


class PersonOutput(Struct, frozen=True, kw_only=True):
    """The output nodes of 1101."""

    baseinfo: BaseInfo
    insuinfo: tuple[InsuInfo, ...]
    idetinfo: tuple[IdetInfo, ...] = ()


class FiledDisease(Struct, frozen=True, kw_only=True):
    """Node ``feedetail`` of 5301; ``exp_content`` is our key of the disease."""

    opsp_dise_code: _Id
    opsp_dise_name: str
    begndate: date
    enddate: date | None = None
    exp_content: str | None = None


class Cumulative(Struct, frozen=True, kw_only=True):
    """Node ``cuminfo`` of 5206: one sum of a year."""

    insutype: str
    year: str
    cum_ym: str
    cum_type_code: str
    cum: Decimal


class _Credentials(Struct, frozen=True):
    data: Credential


class _Whose(Struct, frozen=True):
    psn_no: _Id
    cum_ym: str | None = None


class _WhoseInput(Struct, frozen=True):
    data: _Whose


class _Filings(Struct, frozen=True):
    feedetail: tuple[FiledDisease, ...]


class _Sums(Struct, frozen=True):
    cuminfo: tuple[Cumulative, ...]


def look_up_input(scan: Scan) -> str:
    """Return the ``input`` of a 1101 for a voucher, resident id or card scanned; KeyError otherwise."""
    return encode(_Credentials(Credential(mdtrt_cert_type=CERT_TYPE[scan.kind], mdtrt_cert_no=scan.value)))


def read_credential(raw: Raw) -> Credential:
    """Return a 1101 as read."""
    return decode(_Credentials, raw, "交易输入 input").data


def whose_input(psn_no: str, year: int | None = None) -> str:
    """Return the ``input`` of a 5301, or of a 5206 for ``year``."""
    return encode(_WhoseInput(_Whose(psn_no=psn_no, cum_ym=None if year is None else f"{year:04d}12")))


def read_whose(raw: Raw) -> tuple[str, int | None]:
    """Return whose filings or sums are asked for, and of which year (None: the present one)."""
    asked = decode(_WhoseInput, raw, "交易输入 input").data
    month = asked.cum_ym or ""
    if not month:
        return asked.psn_no, None
    if len(month) != 6 or not (month.isascii() and month.isdigit()):
        raise ProtocolError("cum_ym 应写成 202601 这样的年月，请核对后重新发送。")
    return asked.psn_no, int(month[:4])


def person_output(person: Person, today: date) -> str:
    """Return the ``output`` of a 1101."""
    facts = PersonFacts(
        card_no=person.card_no,
        region_name=person.region_name,
        groups=person.groups,
        offsite_region=person.offsite_region,
        agreed_provider=person.agreed_provider,
        agreed_provider_name=person.agreed_provider_name,
        referred=person.referred,
        in_hospital=person.in_hospital,
        concurrent_benefits=person.concurrent_benefits,
        parameters=person.snapshot.parameters,
    )
    base = BaseInfo(
        psn_no=person.psn_no,
        certno=person.cert_no,
        psn_name=person.name,
        gend=codes.GENDER.get(person.sex, "9"),
        brdy=person.birth,
        age=Decimal(age_on(today, person.birth)),
        expContent=encode(facts),
    )
    insured = InsuInfo(
        insutype=codes.INSUTYPE[person.insurance],
        psn_type=codes.psn_type(person.insurance, person.status),
        insuplc_admdvs=person.region,
        psn_insu_stas="1",
    )
    standings = tuple(
        IdetInfo(psn_idet_type="99", begntime=f"{today.year}-01-01 00:00:00", memo=group)
        for group in sorted(person.groups)
    )
    return encode(PersonOutput(baseinfo=base, insuinfo=(insured,), idetinfo=standings))


def filings_output(filings: Iterable[Filing]) -> str:
    """Return the ``output`` of a 5301."""
    return encode(
        _Filings(
            tuple(
                FiledDisease(
                    opsp_dise_code=each.code or codes.disease_code(each.disease),
                    opsp_dise_name=each.name,
                    begndate=each.begins,
                    enddate=each.ends,
                    exp_content=each.disease,
                )
                for each in filings
            )
        )
    )


def sums_output(insurance: Insurance, snapshot: Snapshot) -> str:
    """Return the ``output`` of a 5206."""
    sums = snapshot.accumulators
    told: tuple[tuple[str, Fen], ...] = (
        (codes.DEDUCTIBLE_PAID, sums.deductible_paid),
        (codes.FUND_PAID[insurance], sums.fund_paid),
        (codes.ORDINARY_FUND_PAID, sums.ordinary_fund_paid),
        (codes.ORDINARY_EXHAUSTED, 100 if sums.ordinary_exhausted else 0),
        (codes.CLASS_B_FUND_PAID, sums.fund_paid_class_b),
        (codes.POOL_FUND_PAID, sums.pool_fund_paid),
    )
    year = f"{snapshot.year:04d}"
    return encode(
        _Sums(
            tuple(
                Cumulative(
                    insutype=codes.INSUTYPE[insurance],
                    year=year,
                    cum_ym=f"{year}12",
                    cum_type_code=code,
                    cum=yuan(amount),
                )
                for code, amount in told
            )
        )
    )


def read_person(raw: Raw, *, filings: Sequence[Filing], snapshot: Snapshot) -> Person:
    """Return the person of a 1101's answer, joined with what 5301 and 5206 said.

    Raise ProtocolError when no insurance of theirs is in force.
    """
    told = decode(PersonOutput, raw, "人员信息应答")
    base, insured = told.baseinfo, in_force(told)
    insurance = codes.INSURANCE[insured.insutype]
    facts = _facts(base.expContent)
    return Person(
        psn_no=base.psn_no,
        name=base.psn_name,
        cert_no=base.certno,
        card_no=facts.card_no,
        birth=base.brdy,
        sex=codes.SEX.get(base.gend, ""),
        insurance=insurance,
        status=codes.status_of(insured.psn_type) if insurance == "employee" else None,
        region=insured.insuplc_admdvs,
        region_name=facts.region_name,
        snapshot=replace(snapshot, parameters=facts.parameters),
        filings=tuple(filings),
        groups=facts.groups,
        offsite_region=facts.offsite_region,
        agreed_provider=facts.agreed_provider,
        agreed_provider_name=facts.agreed_provider_name,
        referred=facts.referred,
        in_hospital=facts.in_hospital,
        concurrent_benefits=facts.concurrent_benefits,
    )


def read_identity(raw: Raw) -> tuple[str, str]:
    """Return psn_no and insured region of a 1101's answer, which the calls after it need."""
    told = decode(PersonOutput, raw, "人员信息应答")
    return told.baseinfo.psn_no, in_force(told).insuplc_admdvs


def in_force(told: PersonOutput) -> InsuInfo:
    """Return the insurance that counts: the first basic one that is not paused or ended."""
    for each in told.insuinfo:
        if each.insutype in codes.INSURANCE and (each.psn_insu_stas or "1") == "1":
            return each
    raise ProtocolError("此人没有正常参保的基本医疗保险，请核对参保状态，或按自费办理。", "not_insured")


def read_filings(raw: Raw) -> tuple[Filing, ...]:
    """Return the filings of a 5301's answer."""
    return tuple(
        Filing(
            disease=each.exp_content or codes.disease_of(each.opsp_dise_code),
            name=each.opsp_dise_name,
            begins=each.begndate,
            ends=each.enddate,
            code=each.opsp_dise_code,
        )
        for each in decode(_Filings, raw, "慢特病备案应答").feedetail
    )


def read_sums(raw: Raw, *, year: int, as_of: datetime) -> Snapshot:
    """Return the year's sums of a 5206's answer, true at ``as_of``."""
    rows = [each for each in decode(_Sums, raw, "人员累计应答").cuminfo if each.year == f"{year:04d}"]
    sums = {each.cum_type_code: fen_of(each.cum, each.cum_type_code) for each in rows}
    fund = sum(sums.get(code, 0) for code in codes.FUND_PAID.values())
    return Snapshot(
        as_of=as_of,
        year=year,
        accumulators=Accumulators(
            deductible_paid=sums.get(codes.DEDUCTIBLE_PAID, 0),
            fund_paid=fund,
            ordinary_fund_paid=sums.get(codes.ORDINARY_FUND_PAID, 0),
            ordinary_exhausted=bool(sums.get(codes.ORDINARY_EXHAUSTED, 0)),
            fund_paid_class_b=sums.get(codes.CLASS_B_FUND_PAID, 0),
            pool_fund_paid=sums.get(codes.POOL_FUND_PAID, fund),
        ),
    )


def _facts(text: str | None) -> PersonFacts:
    # Another platform may put anything there; what is not ours is no trouble.
    try:
        return decode(PersonFacts, text, "expContent") if text else PersonFacts()
    except ProtocolError:
        return PersonFacts()
