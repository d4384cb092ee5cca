"""The one thing that stops a sound claim from being answered: a figure that only the agency has."""

from __future__ import annotations

_NAMES = {
    "parameters.disease_class": "病种的甲、乙类划分",
    "parameters.disease_limit": "已备案乙类病种的年度限额",
}


class MissingParameter(Exception):
    """The policy in force needs a figure from the agency; ``path`` says where it would stand in the claim."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.message = f"现行政策需要经办机构给出的{_NAMES.get(path, path)}，请向经办机构查询后补上。"
        super().__init__(self.message)
