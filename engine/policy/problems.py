"""What is wrong with a policy file: findings, collected while it is read and checked, and raised once."""

from __future__ import annotations

from msgspec import Struct


class Problem(Struct, frozen=True, order=True):
    """One thing wrong in a policy file: where (``key`` as in ``ratio[2].section``) and why, in Chinese."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}：{self.key}：{self.reason}" if self.key else f"{self.file}：{self.reason}"


class PackError(Exception):
    """Policy files that cannot be used; ``problems`` lists everything wrong with all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))
