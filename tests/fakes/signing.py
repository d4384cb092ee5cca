"""The pharmacist of tests and benches: signs what may be signed, with a usual reason where one is asked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.usecases.counter import Counter
from app.usecases.desk import CounterSettings
from app.usecases.state import CounterState
from engine.knowledge.library import Knowledge
from engine.knowledge.loading import load_knowledge
from engine.signoff import Override

PHARMACIST, LICENCE = "李药师", "执业药师 0001"
_FOLDER = Path(__file__).parents[2] / "resources" / "knowledge"


def on_duty(operator: str, answer_wait_s: float) -> CounterSettings:
    """Return settings of a counter with a pharmacist."""
    return CounterSettings(
        operator=operator, answer_wait_s=answer_wait_s, pharmacist=PHARMACIST, licence=LICENCE
    )


@cache
def knowledge() -> Knowledge:
    """Return the knowledge as shipped."""
    return load_knowledge({path.name: path.read_text("utf-8") for path in sorted(_FOLDER.glob("*.toml"))})


def reasons_for(state: CounterState) -> tuple[Override, ...]:
    """Return a reason for everything that is passed only with one."""
    return tuple(
        Override(code=each.code, subject=each.subject, reason=(*each.reasons, "药师已核实")[0])
        for each in state.signing.asked
    )


def sign(till: Counter, state: CounterState) -> CounterState:
    """Sign what ``state`` shows, where a signature is wanted and may be given."""
    signing = state.signing
    if state.settled is not None or not signing.needed or signing.signed or signing.barring:
        return state
    return till.sign(reasons_for(state))
