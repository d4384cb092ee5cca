"""Which drug of the catalogue a row of somebody else's file means: one, or none. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from app.importing.cells import fold
from app.storage import intake as kept
from app.storage.connection import Connection
from app.storage.intake import Placed
from engine.codes import is_national_code
from engine.standards import quantities

_TIMES = re.compile("[×✕*xX]")
_COUNTED = re.compile(r"([0-9]+)\s*(片|粒|丸|袋|支|瓶|贴|枚|喷|揿|包|板|盒|g|ml)")
_COMPANY = re.compile("股份|有限|责任|公司|集团|制药|药业|药厂|[()（）\\s]")


class Said(Struct, frozen=True, kw_only=True):
    """What a row says of its drug; empty where it says nothing."""

    code: str = ""
    standard_code: str = ""
    barcode: str = ""
    approval: str = ""
    name: str = ""
    form: str = ""
    spec: str = ""
    maker: str = ""


def find(db: Connection, said: Said) -> Placed | str:
    """Return the one drug that a row means, or in Chinese why there is none."""
    if is_national_code(said.code):
        return kept.by_code(db, said.code) or "目录里没有这个国家药品编码。"
    for hits in (kept.by_standard_code(db, said.standard_code), kept.by_barcode(db, said.barcode)):
        fitting = _fitting(hits, said)
        if len(fitting) == 1:
            return fitting[0]
    return _by_words(db, said)


def _by_words(db: Connection, said: Said) -> Placed | str:
    hits = kept.by_approval(db, said.approval)
    if hits:
        return _only(_fitting(hits, said), len(hits), f"批准文号 {said.approval}")
    hits = kept.by_standard_code(db, said.standard_code)
    if hits:
        return _only(_fitting(hits, said), len(hits), f"药品本位码 {said.standard_code}")
    hits = kept.by_name(db, said.name)
    if hits and said.spec and said.maker:
        return _only(_fitting(hits, said, by_maker=True), len(hits), f"「{said.name}」")
    if hits:
        return f"只有药名，目录里叫「{said.name}」的有 {len(hits)} 种，还要规格和生产企业才能对上。"
    return "没有国家编码，批准文号、条码、名称规格企业也都对不上目录里的药。"


def same_spec(one: str, other: str) -> bool:
    """Tell whether two packs are written as the same: by letter, or by strength and number."""
    if spec_key(one) == spec_key(other):
        return True
    strengths = quantities(one)
    return bool(strengths) and strengths[:1] == quantities(other)[:1] and _counts(one) == _counts(other) != []


def same_maker(one: str, other: str) -> bool:
    """Tell whether two makers are one: the short name of a company is part of its long one."""
    short, long_ = sorted((_COMPANY.sub("", fold(one)), _COMPANY.sub("", fold(other))), key=len)
    return bool(short) and short in long_


def spec_key(text: str) -> str:
    """Return a specification without what hands differ in."""
    plain = _TIMES.sub("x", fold(text)).lower().replace(" ", "")
    return plain.replace("μ", "µ").replace("ug", "µg")


def _is_other_pack(hit: Placed, said: Said) -> bool:
    """Tell whether a row names another strength or another number in the pack: one drug, another box.

    What is written in other units (``2板`` and ``14片``) may be the same, and is no other pack.
    """
    own, theirs = quantities(said.spec), quantities(hit.spec)
    if own and theirs and not {*own} & {*theirs}:
        return True
    return any(
        unit == other and number != count
        for number, unit in _counts(said.spec)
        for count, other in _counts(hit.spec)
    )


def _fitting(hits: Sequence[Placed], said: Said, *, by_maker: bool = False) -> list[Placed]:
    fitting = [hit for hit in hits if not _is_other_pack(hit, said)]
    if by_maker or (len(fitting) > 1 and said.maker):
        fitting = [hit for hit in fitting if same_maker(hit.maker, said.maker)]
    if by_maker or (len(fitting) > 1 and said.spec):
        fitting = [hit for hit in fitting if same_spec(hit.spec, said.spec)]
    return fitting


def _only(fitting: Sequence[Placed], of: int, what: str) -> Placed | str:
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        return f"{what} 在目录里有 {of} 种，规格或企业都对不上。"
    return f"{what} 在目录里有 {len(fitting)} 种都符合，分不清是哪一种，请写国家编码。"


def _counts(text: str) -> list[tuple[str, str]]:
    return _COUNTED.findall(_TIMES.sub(" ", fold(text)))[-1:]
