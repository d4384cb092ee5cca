"""One settlement: from its lines to the shares of patient, fund and assistance, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from engine.money import Fen, format_yuan, portion
from engine.policy.answer import Clause, Settlement, Step
from engine.policy.claim import Claim, Line, Parameters
from engine.policy.missing import MissingParameter
from engine.policy.packs import Pack
from engine.policy.provisions import Limit
from engine.policy.ruling import Ruling, Terms

yuan = format_yuan


class Books:
    """The year's sums as the settlements of one claim leave them."""

    __slots__ = ("deductible_paid", "fund_paid", "fund_paid_class_b", "ordinary_fund_paid", "pool_fund_paid")

    def __init__(self, claim: Claim) -> None:
        before = claim.accumulators
        self.deductible_paid = before.deductible_paid
        self.fund_paid = before.fund_paid
        self.ordinary_fund_paid = before.ordinary_fund_paid
        self.fund_paid_class_b = before.fund_paid_class_b
        self.pool_fund_paid = before.pool_fund_paid

    def spent(self, names: Iterable[str]) -> Fen:
        """Return the sum of the accumulators called ``names``."""
        total = 0
        for name in names:
            total += getattr(self, name)
        return total

    def pay(self, names: Iterable[str], amount: Fen) -> None:
        """Add a payment of the fund to the accumulators called ``names``."""
        for name in names:
            setattr(self, name, getattr(self, name) + amount)


class _Sums(Struct, gc=False):
    """What the lines come to on their way to the fund's share; ``due`` is that share before any limit."""

    total: Fen
    over_standard: Fen
    first_self_pay: Fen
    in_scope: Fen
    threshold: Fen
    deductible: Fen
    shared: Fen
    due: Fen


def settle(
    pack: Pack, ruling: Ruling, claim: Claim, *, disease: str | None, lines: Sequence[Line], books: Books
) -> Settlement:
    """Return the settlement of ``lines``, all payable and of one ``disease``, and enter it into ``books``.

    Units: fen. Rounding: half-up, once per line for the first self-pay, once for the fund.
    Raises MissingParameter where a disease limit is missing. Source: contract/quote, Answer.
    """
    terms = terms_of(pack, ruling, disease, claim.parameters)
    sums = _sums(lines, terms, claim.parameters, books)
    fund, over_limit = _capped(sums.due, terms, disease, claim, books)
    steps = _patient_steps(terms, sums)
    if over_limit is not None:
        steps.append(over_limit)
    if fund:
        capped = "，以限额余额为限" if fund < sums.due else ""
        text = f"统筹基金支付 {yuan(fund)} 元（{yuan(sums.shared)} 元的 {terms.percent}{capped}）。"
        steps.append(Step("fund_share", "fund", fund, terms.ratio_clause, text))
    assistance = _assist(terms, sums, fund, claim.parameters, steps)
    books.deductible_paid += sums.deductible
    books.pay(terms.adds_to, fund)
    return Settlement(
        benefit=pack.benefit,
        disease=disease,
        lines=tuple([line.id for line in lines]),
        total=sums.total,
        over_standard=sums.over_standard,
        first_self_pay=sums.first_self_pay,
        in_scope=sums.in_scope,
        deductible=sums.deductible,
        ratio_bp=terms.ratio_bp,
        fund=fund,
        over_limit=sums.due - fund,
        assistance=assistance,
        patient=sums.total - fund - assistance,
        steps=tuple(steps),
    )


def terms_of(pack: Pack, ruling: Ruling, disease: str | None, parameters: Parameters) -> Terms:
    """Return the terms for ``disease``; all diseases that the pack does not name share theirs."""
    if disease is None or pack.diseases is not None:
        disease_class = None
    else:
        disease_class = (parameters.disease_class or {}).get(disease)
    return ruling.terms(disease if disease in pack.diseases_named else None, disease_class)


def _sums(lines: Iterable[Line], terms: Terms, parameters: Parameters, books: Books) -> _Sums:
    """Return the sums of ``lines``; the first self-pay is rounded per line."""
    total = over_standard = first_self_pay = 0
    for line in lines:
        quantity, price, standard = line.quantity, line.unit_price, line.payment_standard
        amount = quantity * price
        total += amount
        if standard is not None and standard < price:
            amount = quantity * standard
            over_standard += quantity * (price - standard)
        if line.first_self_pay_bp and line.klass == "B":
            first_self_pay += portion(amount, line.first_self_pay_bp)
    in_scope = total - over_standard - first_self_pay
    threshold = terms.deductible.fen
    if threshold is None:
        threshold = parameters.deductible or 0
    left = threshold - books.deductible_paid
    deductible = min(in_scope, left) if left > 0 else 0
    shared = in_scope - deductible
    due = portion(shared, terms.ratio_bp)
    return _Sums(total, over_standard, first_self_pay, in_scope, threshold, deductible, shared, due)


def _patient_steps(terms: Terms, sums: _Sums) -> list[Step]:
    """Return the patient's steps down to the own share; steps of zero are left out."""
    steps = []
    if sums.over_standard:
        over = sums.over_standard
        text = f"费用 {yuan(sums.total)} 元中，超出医保支付标准的 {yuan(over)} 元由个人承担。"
        steps.append(Step("over_standard", "patient", over, terms.over_standard_clause, text))
    if sums.first_self_pay:
        first = sums.first_self_pay
        text = f"乙类药品先行自付 {yuan(first)} 元（逐行四舍五入到分）。"
        steps.append(Step("first_self_pay", "patient", first, terms.first_self_pay_clause, text))
    if sums.deductible:
        taken = sums.deductible
        text = f"年度起付标准 {yuan(sums.threshold)} 元，本次计入 {yuan(taken)} 元，由个人承担。"
        steps.append(Step("deductible", "patient", taken, terms.deductible_clause, text))
    if sums.shared > sums.due:
        own = sums.shared - sums.due
        before = "扣除起付标准后的" if sums.deductible else "政策范围内费用"
        text = f"{before} {yuan(sums.shared)} 元，基金支付 {terms.percent}，其余 {yuan(own)} 元由个人承担。"
        steps.append(Step("own_share", "patient", own, terms.ratio_clause, text))
    return steps


def _capped(
    due: Fen, terms: Terms, disease: str | None, claim: Claim, books: Books
) -> tuple[Fen, Step | None]:
    """Return what the fund pays of ``due``, and the step for what the tightest limit took away."""
    fund, binding = due, None
    for limit, clause in terms.limits:
        size = pot_size(limit, disease, claim)
        if size is None:
            continue
        spent = books.spent(limit.counts)
        left = max(0, size - spent)
        if left < fund:
            fund, binding = left, (size, spent, clause)
    if binding is None:
        return fund, None
    return fund, _over_limit(due - fund, fund, *binding)


def _over_limit(amount: Fen, left: Fen, size: Fen, spent: Fen, clause: Clause) -> Step:
    text = (
        f"年度限额 {yuan(size)} 元，已计入 {yuan(spent)} 元，余 {yuan(left)} 元；"
        f"超出限额的 {yuan(amount)} 元由个人承担。"
    )
    return Step("over_limit", "patient", amount, clause, text)


def pot_size(limit: Limit, disease: str | None, claim: Claim) -> Fen | None:
    """Return how much the pot holds, None where the agency gives no figure and none is needed."""
    parameters = claim.parameters
    if limit.amount is not None:
        if limit.amount.parameter == "annual_limit":
            return parameters.annual_limit
        return parameters.pool_limit if limit.amount.parameter else limit.amount.fen
    figures, classes = parameters.disease_limit or {}, parameters.disease_class or {}
    if limit.disease_limits == "sum":
        pots = [filed for filed in claim.patient.filed_diseases if classes.get(filed) == "B"]
    else:
        pots = [disease] if disease else []
    try:
        return sum([figures[pot] for pot in pots])
    except KeyError:
        raise MissingParameter("parameters.disease_limit") from None


def _assist(terms: Terms, sums: _Sums, fund: Fen, parameters: Parameters, steps: list[Step]) -> Fen:
    """Return the medical assistance on what ``fund`` leaves, and add its two steps."""
    rule, ratio = terms.assistance, parameters.assistance_ratio
    if rule is None or ratio is None:
        return 0
    base = sums.in_scope - (fund if rule.over_limit_counts else sums.due)
    amount = portion(base, ratio)
    if amount:
        clause = terms.assistance_clause
        text = f"政策范围内个人负担 {yuan(base)} 元，医疗救助支付 {yuan(amount)} 元。"
        steps.append(Step("assistance", "assistance", amount, clause, text))
        text = f"医疗救助支付的 {yuan(amount)} 元，从个人负担中减去。"
        steps.append(Step("assistance", "patient", -amount, clause, text))
    return amount
