"""The files that come with the program, as the agency reads them: policy packs and the demonstration."""

from __future__ import annotations

from pathlib import Path

from agency.errors import AgencyTrouble

_ROOT = Path(__file__).resolve().parent.parent / "resources"


def read_texts(folder: str) -> dict[str, str]:
    """Return the files of ``resources/<folder>`` by name; raise AgencyTrouble if unreadable."""
    try:
        files = sorted((_ROOT / folder).iterdir())
        texts = {file.name: file.read_text(encoding="utf-8") for file in files}
    except (OSError, UnicodeDecodeError) as error:
        raise AgencyTrouble(f"程序自带的文件读不出来（resources/{folder}），请重新安装程序。") from error
    if not texts:
        raise AgencyTrouble(f"程序自带的文件缺失（resources/{folder}），请重新安装程序。")
    return texts
