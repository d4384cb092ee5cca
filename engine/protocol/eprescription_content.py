"""7203: what a prescription says, in the national fields and, to the letter, as its platform signed it.

The signed text travels in ``data.expContent``. It counts where its signature holds and the national fields
say the same; else what they say is kept with the seal, which then does not fit: it is not authentic.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Raw, Struct
from msgspec.structs import replace

from engine.calendar import CHINA, business_day
from engine.diseases import NAMES
from engine.person import Person
from engine.policy.claim import Source
from engine.prescription import Diagnosis, Dose, PrescribedLine, Prescription, Seal
from engine.prescription_use import Standing
from engine.protocol import codes
from engine.protocol.eprescription_seal import signed_by_platform
from engine.protocol.frequencies import frequency_of, per_day_of
from engine.protocol.wire import ProtocolError, decode, encode, parse_seconds, seconds, whole

MOST_LINES = 50
MOST_PACKS, MOST_DAYS, MOST_REPEATS = 10_000, 3_660, 999

_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_Text = Annotated[str, Meta(max_length=2000)]


class DownloadRequest(Struct, frozen=True, kw_only=True):
    """Node ``data`` of 7203: one of the two ids, and where the person is insured."""

    epc_token: str | None = None
    auth_rxno: str | None = None
    insuplc_admdvs: _Text = ""


class Facts(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``data.expContent``: ours, the seal, and how the prescription stands."""

    seal: Seal | None = None
    standing: Standing | None = None


class RxData(Struct, frozen=True, kw_only=True):
    """Node ``data``."""

    hi_rxno: _Id
    prsc_time: str
    valid_end_time: str
    fixmedins_code: _Text = ""
    fixmedins_name: _Text = ""
    rx_drug_nums: Decimal | None = None
    rx_drord_dscr: _Text = ""
    valid_days: Decimal | None = None
    rept_flag: str = "0"
    max_rept_cnt: Decimal | None = None
    reptd_cnt: Decimal | None = None
    min_inrv_days: Decimal | None = None
    expContent: str | None = None


class RxDrug(Struct, frozen=True, kw_only=True):
    """A row of node ``rxdrugdetail``."""

    drug_genname: _Text
    drug_cnt: Decimal
    drug_cnt_unit: _Text = "盒"
    med_list_codg: _Text = ""
    rx_item_type_code: str = codes.WESTERN_DRUG
    drug_dosform: _Text = ""
    drug_spec: _Text = ""
    medc_way_dscr: _Text = ""
    medc_days: Decimal | None = None
    sin_doscnt: Decimal | None = None
    sin_dosunt: _Text = ""
    used_frqu_codg: str | None = None
    used_frqu_name: str | None = None
    dise_codg: str | None = None


class RxVisit(Struct, frozen=True, kw_only=True):
    """Node ``mdtrtinfo``; ``geso_val`` are weeks of pregnancy, ``suck_prd_flag`` 1 tells breastfeeding."""

    psn_no: _Text = ""
    patn_name: _Text = ""
    gend: str | None = None
    certno: _Text = ""
    psn_cert_type: str = codes.CERT_TYPE_ID
    insuplc_admdvs: _Text = ""
    geso_val: Decimal | None = None
    suck_prd_flag: str = "0"
    algs_his: _Text = ""
    prsc_dept_name: _Text = ""
    prsc_dr_name: _Text = ""


class RxDiagnosis(Struct, frozen=True, kw_only=True):
    """A row of node ``diseinfo``."""

    diag_name: _Text
    diag_code: _Text = ""
    diag_type: str = "1"
    maindiag_flag: str = "0"
    diag_srt_no: Decimal | None = None


class Nodes(Struct, frozen=True, kw_only=True):
    """All output nodes of a 7203."""

    data: RxData
    rxdrugdetail: Annotated[tuple[RxDrug, ...], Meta(min_length=1, max_length=MOST_LINES)]
    mdtrtinfo: RxVisit = RxVisit()
    diseinfo: Annotated[tuple[RxDiagnosis, ...], Meta(max_length=MOST_LINES)] = ()


class Downloaded(Struct, frozen=True, kw_only=True):
    """The answer to a 7203: the prescription, and how it stands where the platform tells that."""

    prescription: Prescription
    standing: Standing | None = None


class _DownloadIn(Struct, frozen=True):
    data: DownloadRequest


def download_input(*, region: str, token: str | None = None, auth_rxno: str | None = None) -> str:
    """Return the ``input`` of a 7203."""
    asked = DownloadRequest(epc_token=token, auth_rxno=auth_rxno, insuplc_admdvs=region)
    return encode(_DownloadIn(asked))


def read_download_request(raw: Raw) -> str:
    """Return the token or one-time number of a 7203; raise ProtocolError where there is none."""
    asked = decode(_DownloadIn, raw, "交易输入 input").data
    by = asked.epc_token or asked.auth_rxno
    if not by:
        raise ProtocolError("7203 要有 epc_token 或 auth_rxno，请先用 7201 或 7202 取得。")
    return by


def content_output(prescription: Prescription, person: Person | None, standing: Standing | None) -> str:
    """Return the ``output`` of a 7203; ``person`` is whose prescription it is."""
    nodes = _nodes(prescription, person)
    facts = Facts(seal=prescription.seal, standing=standing)
    return encode(replace(nodes, data=replace(nodes.data, expContent=encode(facts))))


def read_content(raw: Raw, platform_key: bytes | None) -> Downloaded:
    """Return what a 7203 brought; raise ProtocolError for what is no prescription at all.

    Without the platform's key nothing can be said of a seal, and none is kept.
    """
    nodes = decode(Nodes, raw, "处方下载应答")
    _check_numbers(nodes)
    facts = _facts(nodes.data.expContent)
    told = _prescription(nodes)
    if facts.seal is not None and platform_key is not None:
        signed = signed_by_platform(facts.seal, platform_key)
        same = signed is not None and _compared(_nodes(signed, None)) == _compared(nodes)
        told = replace(signed if same and signed else told, seal=facts.seal)
    return Downloaded(prescription=told, standing=facts.standing)


def end_of(day: date) -> datetime:
    """Return the last second of a day in China."""
    return datetime.combine(day, time(23, 59, 59), CHINA)


def _nodes(prescription: Prescription, person: Person | None) -> Nodes:
    issued = datetime.combine(prescription.issued, time(), CHINA)
    end = prescription.valid_end or end_of(prescription.valid_until or prescription.issued)
    days = (business_day(end) - prescription.issued).days + 1
    data = RxData(
        hi_rxno=prescription.number,
        fixmedins_code=prescription.issuer_code,
        fixmedins_name=prescription.issuer,
        prsc_time=seconds(issued),
        rx_drug_nums=Decimal(len(prescription.lines)),
        valid_days=Decimal(days),
        valid_end_time=seconds(end),
        rept_flag="1" if prescription.repeats else "0",
        max_rept_cnt=Decimal(prescription.repeats),
        reptd_cnt=Decimal(prescription.repeated),
        min_inrv_days=Decimal(prescription.interval_days),
    )
    visit = RxVisit(
        psn_no=prescription.psn_no or "",
        patn_name=person.name if person else "",
        gend=codes.GENDER.get(person.sex) if person else None,
        certno=person.cert_no if person else "",
        insuplc_admdvs=person.region if person else "",
        geso_val=Decimal(1) if prescription.pregnant else None,  # The week is not ours to know.
        suck_prd_flag="1" if prescription.breastfeeding else "0",
        algs_his="；".join(prescription.allergies),
        prsc_dept_name=prescription.department,
        prsc_dr_name=prescription.doctor,
    )
    return Nodes(
        data=data,
        rxdrugdetail=tuple(_drug(line, prescription) for line in prescription.lines),
        mdtrtinfo=visit,
        diseinfo=_diagnoses(prescription),
    )


def _drug(line: PrescribedLine, prescription: Prescription) -> RxDrug:
    dose = line.dose
    often = frequency_of(dose.per_day) if dose else None
    return RxDrug(
        med_list_codg=line.drug or "",
        rx_item_type_code=codes.item_type(line.drug or ""),
        drug_genname=line.name,
        drug_dosform=line.form,
        drug_spec=line.strength,
        drug_cnt=Decimal(line.quantity),
        medc_way_dscr=line.usage,
        medc_days=Decimal(line.days or prescription.supply_days),
        sin_doscnt=dose.amount if dose else None,
        sin_dosunt=dose.unit if dose else "",
        used_frqu_codg=often.code if often else None,
        used_frqu_name=often.name if often else None,
        dise_codg=codes.disease_code(line.disease) if line.disease else None,
    )


def _diagnoses(prescription: Prescription) -> tuple[RxDiagnosis, ...]:
    found = prescription.diagnoses or tuple(
        Diagnosis("", name.strip()) for name in prescription.diagnosis.split("；") if name.strip()
    )
    return tuple(
        RxDiagnosis(
            diag_code=each.code,
            diag_name=each.name,
            maindiag_flag="1" if place == 1 else "0",
            diag_srt_no=Decimal(place),
        )
        for place, each in enumerate(found, 1)
    )


def _prescription(nodes: Nodes) -> Prescription:
    """Return what the national fields alone say."""
    data, visit = nodes.data, nodes.mdtrtinfo
    end = parse_seconds(data.valid_end_time, "valid_end_time")
    issued = business_day(parse_seconds(data.prsc_time, "prsc_time"))
    lines = tuple(_line(each) for each in nodes.rxdrugdetail)
    diagnoses = tuple(Diagnosis(each.diag_code, each.diag_name) for each in nodes.diseinfo)
    diseases = frozenset(line.disease for line in lines if line.disease in NAMES and line.disease)
    source: Source = "electronic"
    return Prescription(
        number=data.hi_rxno,
        source=source,
        issuer=data.fixmedins_name,
        issuer_code=data.fixmedins_code,
        issuer_designated=True,  # Nobody else is on the platform.
        doctor=visit.prsc_dr_name,
        department=visit.prsc_dept_name,
        diagnosis="；".join(each.name for each in diagnoses),
        diagnoses=diagnoses,
        issued=issued,
        supply_days=max((line.days or 1 for line in lines), default=1),
        lines=lines,
        valid_until=business_day(end),
        valid_end=end,
        diseases=diseases,
        psn_no=visit.psn_no or None,
        pregnant=bool(visit.geso_val),
        breastfeeding=visit.suck_prd_flag == "1",
        allergies=tuple(
            each.strip() for each in visit.algs_his.replace("、", "；").split("；") if each.strip()
        ),
        repeats=_count(data.max_rept_cnt, "max_rept_cnt") if data.rept_flag == "1" else 0,
        repeated=_count(data.reptd_cnt, "reptd_cnt") if data.rept_flag == "1" else 0,
        interval_days=_count(data.min_inrv_days, "min_inrv_days"),
    )


def _line(row: RxDrug) -> PrescribedLine:
    rate = per_day_of(row.used_frqu_codg, row.used_frqu_name)
    amount = row.sin_doscnt
    dosed = amount is not None and amount.is_finite() and 0 < amount <= MOST_PACKS and row.sin_dosunt
    dose = Dose(amount=amount, unit=row.sin_dosunt, per_day=rate) if dosed and amount and rate else None
    words = (row.medc_way_dscr, "" if dose else (row.used_frqu_name or ""))
    return PrescribedLine(
        name=row.drug_genname,
        quantity=whole(row.drug_cnt, f"{row.drug_genname} 的 drug_cnt", MOST_PACKS),
        drug=row.med_list_codg or None,
        disease=codes.disease_of(row.dise_codg) if row.dise_codg else None,
        form=row.drug_dosform,
        strength=row.drug_spec,
        dose=dose,
        days=_days(row.medc_days),
        usage="，".join(word for word in words if word),
    )


def _days(days: Decimal | None) -> int | None:
    """Return a number of days, a part of one counting whole; None where none is told."""
    if days is None or not days.is_finite() or not 0 < days <= MOST_DAYS:
        return None
    return int(days.to_integral_value(rounding="ROUND_CEILING"))


def _count(count: Decimal | None, name: str) -> int:
    if count is None or count == 0:
        return 0
    return whole(count, name, MOST_REPEATS)


def _facts(text: str | None) -> Facts:
    # Another platform may keep anything there; what is not ours is no trouble.
    try:
        return decode(Facts, text, "expContent") if text else Facts()
    except ProtocolError:
        return Facts()


def _check_numbers(nodes: Nodes) -> None:
    for node in (nodes.data, nodes.mdtrtinfo, *nodes.rxdrugdetail, *nodes.diseinfo):
        for name in node.__struct_fields__:
            value = getattr(node, name)
            if isinstance(value, Decimal) and not value.is_finite():
                raise ProtocolError(f"处方下载应答的 {name} 不是数，没有采用。请联系处方平台核对。")


def _compared(nodes: Nodes) -> Nodes:
    """Return of the nodes what the prescription itself decides: not the person's name and id."""
    visit = nodes.mdtrtinfo
    return replace(
        nodes,
        data=replace(nodes.data, expContent=None),
        mdtrtinfo=replace(visit, patn_name="", gend=None, certno="", insuplc_admdvs=""),
    )
