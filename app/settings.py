"""The settings, declared once: each has a type, a default and a meaning, and is read once, when opening."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from app.errors import SettingWrong

LONGEST_WAIT_S = 10.0


class Settings(Struct, frozen=True, kw_only=True):
    """What the program was told. ``agency_url`` None: no agency, everything waits in the outbox.

    ``provider`` is the number under which the till downloads what is new; ``secret_file`` holds the secret
    that the agency issued to ``paasid``. ``answer_wait_s`` is how long a sale waits for the agency's answer.
    """

    data: Path
    demonstration: bool
    agency_url: str | None
    provider: str | None
    paasid: str | None
    secret_file: Path | None
    operator: str
    answer_wait_s: float


def read_settings(environment: Mapping[str, str], *, data: Path | None, demonstration: bool) -> Settings:
    """Return the settings of ``environment`` (``SHANYAO_…``); ``data`` given on the command line wins.

    The demonstration has a folder of its own, so that it never mixes with a shop's books.
    """
    given = environment.get("SHANYAO_DATA")
    folder = data or (Path(given) if given else _usual_folder())
    if demonstration and data is None:
        folder /= "demonstration"
    secret_file = environment.get("SHANYAO_SECRET_FILE")
    return Settings(
        data=folder,
        demonstration=demonstration,
        agency_url=environment.get("SHANYAO_AGENCY") or None,
        provider=environment.get("SHANYAO_PROVIDER") or None,
        paasid=environment.get("SHANYAO_PAASID") or None,
        secret_file=Path(secret_file) if secret_file else None,
        operator=environment.get("SHANYAO_OPERATOR") or "当班药师",
        answer_wait_s=_seconds(environment, "SHANYAO_ANSWER_WAIT_S", 1.5),
    )


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
