"""The settings, declared once: each has a type, a default and a meaning, and is read once, when opening."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from app.errors import SettingWrong
from app.usecases.floors import FloorLimits
from engine.money import Fen, format_yuan, parse_yuan

LONGEST_WAIT_S = 10.0
_DEMONSTRATED = ("李药师", "演示执业药师 0001")
"""Who reviews in the demonstration; a real shop names its own."""


class Settings(Struct, frozen=True, kw_only=True):
    """What the program was told. ``agency_url`` None: no agency, everything waits in the outbox.

    ``provider`` is the number under which the till downloads what is new; ``secret_file`` holds the secret
    that the agency issued to ``paasid``. ``answer_wait_s`` is how long a sale waits for the agency's answer.
    ``ca_file`` holds certificates that an https agency is believed by, ``backup`` is a folder that gets every
    backup too. ``floors`` says how far the shop goes without the network where no lease covers a sale.
    ``pharmacist`` reviews prescriptions, under ``licence``; without both no prescription drug is settled.
    """

    data: Path
    demonstration: bool
    agency_url: str | None
    provider: str | None
    paasid: str | None
    secret_file: Path | None
    operator: str
    answer_wait_s: float
    floors: FloorLimits = FloorLimits()
    ca_file: Path | None = None
    backup: Path | None = None
    pharmacist: str = ""
    licence: str = ""


def read_settings(environment: Mapping[str, str], *, data: Path | None, demonstration: bool) -> Settings:
    """Return the settings of ``environment`` (``SHANYAO_…``); ``data`` given on the command line wins.

    The demonstration has a folder of its own, so that it never mixes with a shop's books.
    """
    given = environment.get("SHANYAO_DATA")
    folder = data or (Path(given) if given else _usual_folder())
    if demonstration and data is None:
        folder /= "demonstration"
    return Settings(
        data=folder,
        demonstration=demonstration,
        agency_url=environment.get("SHANYAO_AGENCY") or None,
        provider=environment.get("SHANYAO_PROVIDER") or None,
        paasid=environment.get("SHANYAO_PAASID") or None,
        secret_file=_path(environment, "SHANYAO_SECRET_FILE"),
        operator=environment.get("SHANYAO_OPERATOR") or "当班药师",
        answer_wait_s=_seconds(environment, "SHANYAO_ANSWER_WAIT_S", 1.5),
        floors=_floors(environment),
        ca_file=_path(environment, "SHANYAO_CA_FILE"),
        backup=_path(environment, "SHANYAO_BACKUP"),
        pharmacist=environment.get("SHANYAO_PHARMACIST") or (_DEMONSTRATED[0] if demonstration else ""),
        licence=environment.get("SHANYAO_LICENCE") or (_DEMONSTRATED[1] if demonstration else ""),
    )


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    text = environment.get(name)
    return Path(text) if text else None


def _floors(environment: Mapping[str, str]) -> FloorLimits:
    """Return the floor limits; each may be lowered to nothing, none may be raised without end."""
    usual = FloorLimits()
    mode = environment.get("SHANYAO_OFFLINE_MODE") or usual.mode
    if mode not in ("provisional", "full_price"):
        how = "请写 provisional（限额内先按暂定结算）或 full_price（没有额度凭据一律先全额自付）。"
        raise SettingWrong(name="SHANYAO_OFFLINE_MODE", value=mode, how=how)
    return FloorLimits(
        mode="full_price" if mode == "full_price" else "provisional",
        sale=_fen(environment, "SHANYAO_FLOOR_SALE", usual.sale, 1_000_00),
        person_day=_fen(environment, "SHANYAO_FLOOR_PERSON_DAY", usual.person_day, 2_000_00),
        outage=_fen(environment, "SHANYAO_FLOOR_OUTAGE", usual.outage, 100_000_00),
    )


def _fen(environment: Mapping[str, str], name: str, default: Fen, most: Fen) -> Fen:
    text = environment.get(name)
    if not text:
        return default
    try:
        amount = parse_yuan(text)
    except ValueError:
        amount = -1
    if not 0 <= amount <= most:
        how = f"请写 0 到 {format_yuan(most)} 之间的金额（元），例如 {format_yuan(default)}。"
        raise SettingWrong(name=name, value=text, how=how)
    return amount


def _usual_folder() -> Path:
    from platformdirs import user_data_path  # noqa: PLC0415 - only where no folder was named

    return user_data_path("shanyao", appauthor=False)


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= LONGEST_WAIT_S:
        raise SettingWrong(
            name=name, value=text, how=f"请写 0 到 {LONGEST_WAIT_S:.0f} 之间的秒数，例如 1.5。"
        )
    return value
