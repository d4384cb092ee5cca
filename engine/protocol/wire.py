"""How values look on the wire: JSON, yuan with two decimals, instants of China; and what is wrong there."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from engine.calendar import CHINA
from engine.money import Fen

T = TypeVar("T")

LARGEST: Fen = 99_999_999_999
"""The largest amount that is taken, in fen; N16,2 allows more than any pharmacy sells."""

LARGEST_NUMBER = 2**53
"""The largest count that is taken: every database and every JSON reader holds it."""

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_PATH = re.compile(r"at `\$\.?([^`]*)`")


class ProtocolError(ValueError):
    """A message that cannot be taken; ``text`` says in Chinese what is wrong and what to do."""

    def __init__(self, text: str, code: str = "invalid") -> None:
        super().__init__(text)
        self.text = text
        self.code = code


def encode(value: object) -> str:
    """Return ``value`` as JSON text, the same text for the same value in every process."""
    return _ENCODER.encode(value).decode()


def decode(kind: type[T], raw: bytes | str | msgspec.Raw, where: str) -> T:
    """Return the JSON ``raw`` as ``kind``; raise ProtocolError that names the field and ``where`` it is."""
    try:
        # Decoded as text first: a part that is only carried along must be UTF-8, too.
        text = raw if isinstance(raw, str) else bytes(raw).decode()
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise ProtocolError(_explain(str(error), where)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(
            f"{where}不是完整的 JSON 报文，请检查网络或接口地址后重试。", "not_json"
        ) from error
    except RecursionError as error:
        raise ProtocolError(f"{where}层数太多，请按接口规范重新组织报文。", "not_json") from error


def same_content(raw: msgspec.Raw) -> str:
    """Return the text that two JSON values share when they differ in key order and blanks only."""
    return encode(decode(dict[str, Any], raw, "交易输入"))


def yuan(fen: Fen) -> Decimal:
    """Return ``fen`` as yuan with exactly two decimals."""
    return Decimal(fen).scaleb(-2)


def fen_of(amount: Decimal, name: str) -> Fen:
    """Return a non-negative amount of yuan in fen; raise ProtocolError for parts of a fen and odd sizes."""
    fen = signed_fen(amount, name)
    if fen < 0:
        raise ProtocolError(f"{name} 不能是负数，请核对金额后重新发送。")
    return fen


def signed_fen(amount: Decimal, name: str) -> Fen:
    """Return an amount of yuan in fen, negative ones (of a reversal) included; else as ``fen_of``."""
    if not amount.is_finite() or abs(amount) > LARGEST:
        raise ProtocolError(f"{name} 的金额超出范围，请核对后重新发送。")
    fen = amount.scaleb(2)
    if fen != int(fen):
        raise ProtocolError(f"{name} 最多两位小数，请核对金额后重新发送。")
    return int(fen)


def whole(count: Decimal, name: str, largest: int) -> int:
    """Return a count from 1 to ``largest``; raise ProtocolError otherwise."""
    if not count.is_finite() or not 1 <= count <= largest or count != int(count):
        raise ProtocolError(f"{name} 应是 1 到 {largest} 的整数，请核对数量后重新发送。")
    return int(count)


def seconds(instant: datetime) -> str:
    """Return an aware instant as ``yyyy-MM-dd HH:mm:ss`` of China."""
    return instant.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def compact(instant: datetime) -> str:
    """Return an aware instant as ``yyyyMMddHHmmss`` of China."""
    return instant.astimezone(CHINA).strftime("%Y%m%d%H%M%S")


def compact_millis(instant: datetime) -> str:
    """Return an aware instant as ``yyyyMMddHHmmssSSS`` of China."""
    return compact(instant) + f"{instant.microsecond // 1000:03d}"


def parse_seconds(text: str, name: str) -> datetime:
    """Return the aware instant of ``yyyy-MM-dd HH:mm:ss``; raise ProtocolError for any other form."""
    try:
        return _in_china(text)
    except ValueError as error:
        raise ProtocolError(f"{name} 应写成“2026-01-31 09:30:00”这样的时间，请核对后重新发送。") from error


@lru_cache(maxsize=64)
def _in_china(text: str) -> datetime:
    """Return the instant; a batch and a basket name the same one again and again."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)


def _explain(problem: str, where: str) -> str:
    path = _PATH.search(problem)
    place = path.group(1) if path and path.group(1) else ""
    missing = _MISSING.search(problem)
    if missing:
        field = f"{place}.{missing.group(1)}" if place else missing.group(1)
        return f"{where}缺少必填项 {field}，请补齐后重新发送。"
    return f"{where}的 {place or '内容'} 填写不符合接口规范，请核对类型和长度后重新发送。"
