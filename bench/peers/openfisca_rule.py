"""The rule in OpenFisca: a tax and benefit system of two entities, its numbers as dated parameters.

Money is yuan in OpenFisca's own ``float`` (numpy float32), as its documents have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from openfisca_core import periods
from openfisca_core.entities import Entity, GroupEntity
from openfisca_core.parameters import ParameterNode
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench.rule import DAY, DEDUCTIBLE, GROUP, GROUP_LIMIT, GROUP_RATIO_BP, LIMIT, RATIO_BP, Share
from engine.policy.claim import Claim

LINE = Entity("line", "lines", "One drug", "")
CLAIM = GroupEntity("claim", "claims", "One claim", "", roles=[{"key": "part", "plural": "parts"}])
_DAY = periods.period(f"day:{DAY}")
_COMPUTED = ("line_in_scope", "in_scope", "deductible", "fund")
_NUMBERS = {
    "deductible": DEDUCTIBLE / 100,
    "ratio": RATIO_BP / 10_000,
    "group_ratio": GROUP_RATIO_BP / 10_000,
    "limit": LIMIT / 100,
    "group_limit": GROUP_LIMIT / 100,
}


def _cents(amount: Any) -> Any:
    return np.floor(amount * 100 + 0.5) / 100


def _variable(
    name: str, entity: Entity | GroupEntity, formula: Any = None, kind: type = float
) -> type[Variable]:
    members: dict[str, Any] = {
        "value_type": kind,
        "entity": entity,
        "definition_period": periods.DateUnit.DAY,
    }
    if formula:
        members["formula"] = formula
    return type(name, (Variable,), members)


def _line_in_scope(line: Any, period: Any) -> Any:
    price = np.minimum(line("unit_price", period), line("payment_standard", period))
    amount = line("quantity", period) * price
    return amount - _cents(amount * line("first_self_pay_ratio", period))


def _in_scope(claim: Any, period: Any) -> Any:
    return claim.sum(claim.members("line_in_scope", period))


def _deductible(claim: Any, period: Any, parameters: Any) -> Any:
    left = np.maximum(0, parameters(period).deductible - claim("deductible_paid", period))
    return np.minimum(claim("in_scope", period), left)


def _fund(claim: Any, period: Any, parameters: Any) -> Any:
    law = parameters(period)
    special = claim("special", period)
    share = claim("in_scope", period) - claim("deductible", period)
    left = np.where(special, law.group_limit, law.limit) - claim("fund_paid", period)
    return np.minimum(_cents(share * np.where(special, law.group_ratio, law.ratio)), np.maximum(0, left))


def _system() -> TaxBenefitSystem:
    system = TaxBenefitSystem([CLAIM, LINE])
    system.parameters = ParameterNode(
        "", data={name: {"values": {"2019-07-01": {"value": value}}} for name, value in _NUMBERS.items()}
    )
    system.add_variables(
        _variable("quantity", LINE, kind=int),
        *(_variable(name, LINE) for name in ("unit_price", "payment_standard", "first_self_pay_ratio")),
        _variable("line_in_scope", LINE, _line_in_scope),
        *(_variable(name, CLAIM) for name in ("deductible_paid", "fund_paid")),
        _variable("special", CLAIM, kind=bool),
        _variable("in_scope", CLAIM, _in_scope),
        _variable("deductible", CLAIM, _deductible),
        _variable("fund", CLAIM, _fund),
    )
    return system


class OpenFisca:
    """The rule for any number of claims at once; one claim at a time is what a counter asks."""

    def __init__(self) -> None:
        self._system = _system()
        self._simulations: dict[int, Simulation] = {}

    def prepare(self, claims: Sequence[Claim]) -> dict[str, Any]:
        """Return the arrays of ``claims``, as set_input takes them."""
        lines = [line for claim in claims for line in claim.lines]
        paid = [claim.accumulators for claim in claims]
        standards = [
            line.unit_price if line.payment_standard is None else line.payment_standard for line in lines
        ]
        return {
            "quantity": np.array([line.quantity for line in lines], dtype=np.int32),
            "unit_price": np.array([line.unit_price / 100 for line in lines], dtype=np.float32),
            "payment_standard": np.array([standard / 100 for standard in standards], dtype=np.float32),
            "first_self_pay_ratio": np.array(
                [line.first_self_pay_bp / 10_000 for line in lines], dtype=np.float32
            ),
            "deductible_paid": np.array([sums.deductible_paid / 100 for sums in paid], dtype=np.float32),
            "fund_paid": np.array([sums.fund_paid / 100 for sums in paid], dtype=np.float32),
            "special": np.array([GROUP in claim.patient.groups for claim in claims]),
        }

    def answer(self, inputs: dict[str, Any]) -> tuple[Any, Any, Any]:
        """Return the arrays in scope, deductible and fund of what ``prepare`` made.

        A simulation of the same size is used again with its arrays deleted: a third faster than a new one.
        """
        count = len(inputs["special"])
        if count not in self._simulations:
            self._simulations[count] = self._simulation(count)
        simulation = self._simulations[count]
        for name in _COMPUTED:
            simulation.delete_arrays(name, _DAY)
        for name, values in inputs.items():
            simulation.set_input(name, _DAY, values)
        return (
            simulation.calculate("in_scope", _DAY),
            simulation.calculate("deductible", _DAY),
            simulation.calculate("fund", _DAY),
        )

    def _simulation(self, count: int) -> Simulation:
        builder = SimulationBuilder()
        builder.create_entities(self._system)
        builder.declare_person_entity("line", range(3 * count))
        group = builder.declare_entity("claim", range(count))
        builder.join_with_persons(group, np.repeat(np.arange(count), 3), roles=["part"] * 3 * count)
        return builder.build(self._system)

    def share(self, inputs: dict[str, Any]) -> Share:
        """Return the answer of one claim in whole fen."""
        in_scope, deductible, fund = (round(float(amount[0]) * 100) for amount in self.answer(inputs))
        return Share(in_scope, deductible, fund)
