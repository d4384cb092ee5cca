"""From the JSON of one request to a claim: everything malformed is refused, nothing is guessed at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NoReturn

import msgspec
from msgspec import Struct

from engine.money import Fen, parse_ratio, parse_yuan
from engine.policy import claim

BOM = b"\xef\xbb\xbf"

_is_region = re.compile(r"[0-9]{6}").fullmatch
_is_disease = re.compile(r"[a-z][a-z0-9_]*").fullmatch
_PLACE = re.compile(r"(?P<what>.*) - at `(?P<key>key in )?\$(?P<path>.*)`", re.DOTALL).fullmatch
_FIELD = re.compile(
    r"Object (?P<fault>contains unknown|missing required) field `(?P<name>.*)`", re.DOTALL
).fullmatch
_TYPE = re.compile(r"Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`").fullmatch

_TYPES = {
    "int": "整数",
    "str": "文字",
    "bool": "true 或 false",
    "array": "列表",
    "object": "对象",
    "date": "日期（YYYY-MM-DD）",
    "float": "小数",
    "null": "null",
}


class InvalidRequest(Exception):
    """A request that is malformed; ``path`` is the place ("" for the whole), ``message`` Chinese."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path
        self.reason = message
        self.message = f"{path}：{message}" if path else message
        super().__init__(self.message)


class _Accumulators(Struct, forbid_unknown_fields=True, gc=False):
    deductible_paid: str = "0"
    fund_paid: str = "0"
    ordinary_fund_paid: str = "0"
    ordinary_exhausted: bool = False
    fund_paid_class_b: str = "0"
    pool_fund_paid: str = "0"


class _Parameters(Struct, forbid_unknown_fields=True, gc=False):
    deductible: str | msgspec.UnsetType = msgspec.UNSET
    annual_limit: str | msgspec.UnsetType = msgspec.UNSET
    disease_class: dict[str, claim.DiseaseClass] | msgspec.UnsetType = msgspec.UNSET
    disease_limit: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    pool_limit: str | msgspec.UnsetType = msgspec.UNSET
    assistance_ratio: str | msgspec.UnsetType = msgspec.UNSET


class _Line(Struct, forbid_unknown_fields=True, gc=False, kw_only=True, rename={"klass": "class"}):
    id: str
    drug: str
    quantity: int
    unit_price: str
    klass: claim.Class
    in_scope: bool
    first_self_pay_ratio: str = "0"
    payment_standard: str | None = None
    disease: str | None = None
    negotiated: bool = False


class _Request(Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    date: date
    patient: claim.Patient
    provider: claim.Provider
    lines: list[_Line]
    prescription: claim.ClaimPrescription | None = None
    accumulators: _Accumulators | msgspec.UnsetType = msgspec.UNSET
    parameters: _Parameters | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Request).decode
_NO_ACCUMULATORS = claim.Accumulators()
_NO_PARAMETERS = claim.Parameters()


def read_claim(text: bytes) -> claim.Claim:
    """Return the claim in ``text``, the UTF-8 JSON of one request; raise InvalidRequest where malformed.

    Source: contract/quote, Request.
    """
    try:
        request = _decode(text)
    except msgspec.ValidationError as error:
        _refuse(str(error), error)
    except (ValueError, RecursionError) as error:  # Not JSON, or not UTF-8.
        raise InvalidRequest("", "不是正确的 JSON 文本，或不是 UTF-8 编码。") from error
    _check_patient(request.patient)
    _check_text("provider.id", request.provider.id)
    _check_region("provider.region", request.provider.region)
    if request.prescription is not None:
        _check_prescription(request.prescription)
    return claim.Claim(
        day=request.date,
        patient=request.patient,
        provider=request.provider,
        lines=_lines(request.lines),
        prescription=request.prescription,
        accumulators=_accumulators(request.accumulators),
        parameters=_parameters(request.parameters),
    )


def _check_patient(patient: claim.Patient) -> None:
    _check_region("patient.region", patient.region)
    if patient.insurance == "employee":
        if patient.status is None:
            raise InvalidRequest("patient.status", "职工须写明 active（在职）或 retired（退休）。")
    elif patient.status is not None:
        raise InvalidRequest("patient.status", "居民的这一项只能是 null。")
    for disease in patient.filed_diseases:
        _check_disease("patient.filed_diseases", disease)
    if patient.offsite_region is not None:
        _check_region("patient.offsite_region", patient.offsite_region)
    if patient.agreed_provider is not None:
        _check_text("patient.agreed_provider", patient.agreed_provider)


def _check_prescription(prescription: claim.ClaimPrescription) -> None:
    if not 1 <= prescription.supply_days <= 366:
        raise InvalidRequest("prescription.supply_days", "应为 1 至 366 的整数。")
    if prescription.valid_until is not None and prescription.valid_until < prescription.issued:
        raise InvalidRequest("prescription.valid_until", "早于开具日期（issued）。")


def _lines(forms: list[_Line]) -> tuple[claim.Line, ...]:
    if not forms:
        raise InvalidRequest("lines", "不能为空，至少要有一行。")
    lines = []
    seen = set()
    for index, form in enumerate(forms):
        try:
            line = _line(form)
        except InvalidRequest as error:
            raise InvalidRequest(f"lines[{index}].{error.path}", error.reason) from error
        if line.id in seen:
            raise InvalidRequest(f"lines[{index}].id", "与前面的行重复。")
        seen.add(line.id)
        lines.append(line)
    return tuple(lines)


def _line(form: _Line) -> claim.Line:
    """Return one line; the paths of what is malformed are within the line."""
    if not form.id:
        _check_text("id", form.id)
    if not form.drug:
        _check_text("drug", form.drug)
    if not 1 <= form.quantity <= 1_000_000:
        raise InvalidRequest("quantity", "应为 1 至 1000000 的整数。")
    ratio_bp = _ratio("first_self_pay_ratio", form.first_self_pay_ratio)
    if ratio_bp and form.klass != "B":
        raise InvalidRequest("first_self_pay_ratio", "只有乙类（B）药品可以不为 0。")
    if form.disease is not None:
        _check_disease("disease", form.disease)
    standard = form.payment_standard
    return claim.Line(
        id=form.id,
        drug=form.drug,
        quantity=form.quantity,
        unit_price=_money("unit_price", form.unit_price),
        klass=form.klass,
        in_scope=form.in_scope,
        first_self_pay_bp=ratio_bp,
        payment_standard=None if standard is None else _money("payment_standard", standard),
        disease=form.disease,
        negotiated=form.negotiated,
    )


def _accumulators(form: _Accumulators | msgspec.UnsetType) -> claim.Accumulators:
    if form is msgspec.UNSET:
        return _NO_ACCUMULATORS
    return claim.Accumulators(
        deductible_paid=_money("accumulators.deductible_paid", form.deductible_paid),
        fund_paid=_money("accumulators.fund_paid", form.fund_paid),
        ordinary_fund_paid=_money("accumulators.ordinary_fund_paid", form.ordinary_fund_paid),
        ordinary_exhausted=form.ordinary_exhausted,
        fund_paid_class_b=_money("accumulators.fund_paid_class_b", form.fund_paid_class_b),
        pool_fund_paid=_money("accumulators.pool_fund_paid", form.pool_fund_paid),
    )


def _parameters(form: _Parameters | msgspec.UnsetType) -> claim.Parameters:
    if form is msgspec.UNSET:
        return _NO_PARAMETERS
    classes, limits, ratio = form.disease_class, form.disease_limit, form.assistance_ratio
    if classes is not msgspec.UNSET:
        _check_diseases("parameters.disease_class", classes)
    if limits is not msgspec.UNSET:
        _check_diseases("parameters.disease_limit", limits)
    return claim.Parameters(
        deductible=_given("parameters.deductible", form.deductible),
        annual_limit=_given("parameters.annual_limit", form.annual_limit),
        disease_class=None if classes is msgspec.UNSET else classes,
        disease_limit=None
        if limits is msgspec.UNSET
        else {key: _money(f"parameters.disease_limit.{key}", limits[key]) for key in limits},
        pool_limit=_given("parameters.pool_limit", form.pool_limit),
        assistance_ratio=None if ratio is msgspec.UNSET else _ratio("parameters.assistance_ratio", ratio),
    )


def _given(path: str, text: str | msgspec.UnsetType) -> Fen | None:
    return None if text is msgspec.UNSET else _money(path, text)


def _money(path: str, text: str) -> Fen:
    try:
        return parse_yuan(text)
    except ValueError as error:
        reason = '金额应为至多九位整数、至多两位小数的文字，例如 "35.60"。'
        raise InvalidRequest(path, reason) from error


def _ratio(path: str, text: str) -> int:
    try:
        return parse_ratio(text)
    except ValueError as error:
        reason = '比例应为 0 至 1 之间、至多四位小数的文字，例如 "0.05"。'
        raise InvalidRequest(path, reason) from error


def _check_text(path: str, text: str) -> None:
    if not text:
        raise InvalidRequest(path, "不能是空文字。")


def _check_region(path: str, region: str) -> None:
    if _is_region(region) is None:
        raise InvalidRequest(path, "应为六位数字的行政区划代码。")


def _check_disease(path: str, disease: str) -> None:
    if _is_disease(disease) is None:
        raise InvalidRequest(path, "应为病种代码：小写字母、数字、下划线，以字母开头。")


def _check_diseases(path: str, diseases: Iterable[str] | Mapping[str, object]) -> None:
    for disease in diseases:
        _check_disease(path, disease)


def _refuse(fault: str, error: Exception) -> NoReturn:
    """Raise InvalidRequest for what msgspec found, in Chinese and with the path in the contract's form."""
    placed = _PLACE(fault)
    what, path = (placed["what"], placed["path"]) if placed else (fault, "")
    path = path.removeprefix(".").replace("[...]", "")
    field = _FIELD(what)
    if field:
        name = field["name"]
        reason = "缺少此项。" if field["fault"].startswith("missing") else "不认识的字段。"
        raise InvalidRequest(f"{path}.{name}" if path else name, reason) from error
    wrong_type = _TYPE(what)
    if wrong_type:
        wanted = "或 ".join(_TYPES.get(word, word) for word in wrong_type["wanted"].split(" | "))
        got = _TYPES.get(wrong_type["got"], wrong_type["got"])
        raise InvalidRequest(path, f"类型不对，应为{wanted}，实为{got}。") from error
    if what.startswith("Invalid RFC3339"):
        raise InvalidRequest(path, "应为真实存在的日期，写作 YYYY-MM-DD。") from error
    raise InvalidRequest(path, "不是约定的取值。") from error
