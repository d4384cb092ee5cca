"""The numbers of a pack in Chinese, for policy cards and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.diseases import NAMES
from engine.money import format_percent, format_yuan
from engine.policy.answer import Clause
from engine.policy.packs import Pack
from engine.policy.provisions import Amount, Limit, Provision, Supply, Value


def cite(clause: Clause | None) -> str:
    """Return a clause as people write it: 【document section】."""
    return f"【{clause.document} {clause.section}】" if clause else "【无】"


def numbers(pack: Pack) -> tuple[tuple[str, str, Provision], ...]:
    """Return each number of ``pack`` as (what, value, the provision that says so)."""
    rows = [(_what(provision), _shown(provision.value), provision) for provision in pack.provisions]
    return tuple((what, shown, provision) for what, shown, provision in rows if shown)


_FAMILY_NAMES = {
    "ratio": "支付比例",
    "deductible": "起付标准",
    "limit": "限额",
    "supply": "最长用量",
}
_CODE_NAMES = {
    **NAMES,
    "local": "参保地",
    "offsite": "备案地",
    "retail_pharmacy": "定点零售药店",
    "primary": "基层医疗机构",
    "secondary": "二级医疗机构",
    "tertiary": "其他医疗机构",
    "resident": "居民",
    "employee": "职工",
    "active": "在职",
    "retired": "退休",
    "family_doctor_contract_last_year": "上年度有效签约",
    "civil_affairs_hardship": "民政认定困难对象",
    "severe_disability": "二级及以上残疾",
    "priority_treatment_group": "重点优抚对象",
    "medical_assistance": "医疗救助对象",
}


def _what(provision: Provision) -> str:
    words = [_FAMILY_NAMES.get(provision.family, provision.family)]
    for field, allowed in provision.when:
        if field == "agreed":
            words.append("约定机构" if True in allowed else "非约定机构")
        elif field == "travel":
            words.append("临时外出" if True in allowed else "一般情况")
        elif field == "disease_class":
            words.append("、".join({"A": "甲类病种", "B": "乙类病种"}[code] for code in sorted(allowed)))
        elif field == "filed_all":
            words.append("同时备案 " + "、".join(NAMES.get(key, key) for key in sorted(allowed)))
        else:
            words.append("、".join(_CODE_NAMES.get(code, code) for code in sorted(allowed)))
    return " · ".join(words)


def _shown(value: Value) -> str:
    """Return a number for people; ``""`` for what is none."""
    for kind, show in _SHOWN.items():
        if type(value) is kind:
            return show(value)
    return ""


def _amount(amount: Amount) -> str:
    return "由经办机构给出" if amount.fen is None else f"{format_yuan(amount.fen)} 元"


def _limit(limit: Limit) -> str:
    if limit.amount is not None:
        return _amount(limit.amount)
    return "备案乙类病种限额之和" if limit.disease_limits == "sum" else "各病种限额分别计算"


def _supply(supply: Supply) -> str:
    return f"{supply.months} 个月" if supply.days is None else f"{supply.days} 天"


_SHOWN: dict[type, Callable[[Any], str]] = {
    int: format_percent,
    Amount: _amount,
    Limit: _limit,
    Supply: _supply,
}
