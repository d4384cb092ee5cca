"""What the counter shows of the desk: the share, its findings, and the hint for the next act."""

from __future__ import annotations

from msgspec.structs import replace

from app.errors import NoStore
from app.storage import sales
from app.usecases import prescriptions, refusals, stock_counter, trace_codes
from app.usecases.desk import Desk
from app.usecases.dispensing import reviewed, signing_of
from app.usecases.floors import ADVICE
from app.usecases.leases import ask_for, left_before_restore
from app.usecases.ports import ClaimContext
from app.usecases.pricing import price_findings
from app.usecases.quote import Quote, quote
from app.usecases.signing_state import SigningShown
from app.usecases.state import CounterState, LeaseShown
from engine.calendar import business_day
from engine.prescription import Finding
from engine.protocol.lease import LeaseAsk
from engine.sale import Draft, Store, insured_settlements


def show(desk: Desk) -> CounterState:
    """Return the desk as a window draws it; raise NoStore before the first synchronisation."""
    store = open_store(desk)
    if desk.settled is not None and desk.last_shown is not None:
        return settled_state(desk, desk.last_shown)
    quoted = quote(desk, store, desk.draft)
    findings = find(desk, desk.draft, quoted)
    lacking = trace_codes.lacking(desk, store, desk.draft)
    signing = signing_of(desk, desk.draft, findings)
    state = CounterState(
        store=store,
        operator=desk.settings.operator,
        day=desk.today(),
        draft=desk.draft,
        selected=desk.selected,
        claim=quoted.claim if quoted else None,
        answer=quoted.answer if quoted else None,
        certainty=quoted.certainty if quoted else None,
        agreed=quoted is not None and agreed(desk, quoted),
        bound=quoted.bound if quoted else 0,
        lease=lease_shown(quoted),
        findings=findings,
        signing=signing,
        limits=desk.law.limits(quoted.claim) if quoted and quoted.claim else (),
        lacking=lacking,
        hint=refusals.duty_hint(desk, findings) or hint(desk, quoted, lacking, signing),
        notice=desk.notice,
    )
    desk.last_shown = state
    return state


def lease_shown(quoted: Quote | None) -> LeaseShown | None:
    """Return the lease that the sale would stand under, as a window shows it."""
    use = quoted.lease if quoted else None
    return LeaseShown(id=use.id, left=use.left, use_until=use.use_until) if use else None


def open_store(desk: Desk) -> Store:
    """Return the shop that sells; raise NoStore when none is known yet."""
    if desk.store is None:
        raise NoStore()
    return desk.store


def settled_state(desk: Desk, shown: CounterState) -> CounterState:
    """Return the sale as it was settled, until the next one begins."""
    return replace(shown, settled=desk.settled, notice=desk.notice, hint="扫下一位的凭证，或直接扫药盒")


def find(desk: Desk, draft: Draft, quoted: Quote | None) -> tuple[Finding, ...]:
    """Return what review finds, then what the law refuses, each once."""
    answer = quoted.answer if quoted else None
    prescription = draft.prescription
    genuine = prescriptions.authenticity(desk, prescription) if prescription else None
    findings = list(reviewed(desk, open_store(desk), draft, quoted, genuine))
    if quoted and quoted.missing:
        text = f"缺少医保中心参数 {quoted.missing}，请联网同步后重试，或按自费。"
        findings.append(Finding("attention", "missing_parameter", text))
    if quoted and quoted.floor:
        text = f"{quoted.floor}。请告诉参保人先付全款，{ADVICE}；联网后再结算就不受此限。"
        findings.append(Finding("attention", "floor_limit", text))
    if quoted and quoted.claim and draft.person:
        findings += left_before_restore(desk, draft.person.psn_no)
    findings += prescriptions.findings(desk, draft)
    findings += price_findings(desk, draft, quoted)
    findings += stock_counter.found(desk, draft)
    names = {line.id: line.drug.generic_name for line in draft.lines}
    shown = {finding.code for finding in findings if finding.clause is not None}
    for refusal in answer.refusals if answer else ():
        if refusal.code in shown:  # Review has said it already, in the prescription's words.
            continue
        text = refusal.message if refusal.line is None else f"{names[refusal.line]}：{refusal.message}"
        findings.append(Finding("refused", refusal.code, text, refusal.clause))
    findings += refusals.said(desk, prescription)
    return tuple(dict.fromkeys(findings))


def agreed(desk: Desk, quoted: Quote) -> bool:
    """Tell whether the agency's pre-settlement of this very claim came to the same sums."""
    theirs, ours = desk.presettled, quoted.answer
    return (
        theirs is not None
        and theirs.claim == quoted.claim
        and (theirs.fund, theirs.assistance, theirs.patient) == (ours.fund, ours.assistance, ours.patient)
    )


def hint(desk: Desk, quoted: Quote | None, lacking: dict[str, int], signing: SigningShown) -> str:
    """Return the next act, in a few words."""
    draft = desk.draft
    if desk.awaited is not None or desk.awaited_rx is not None:
        return f"正在向{'医保中心' if desk.awaited is not None else '处方平台'}查询…"
    if quoted is None:
        return "扫凭证、处方或药盒" if draft.person is None else "扫处方或药盒"
    if draft.prescription is None and any(line.drug.prescription_only for line in draft.lines):
        waiting = f"平台上有 {len(desk.offered)} 张等着，按 F3 选用；也可" if desk.offered else ""
        return f"有处方药：{waiting}扫处方，或按 Ctrl 2 录入纸质处方"
    if signing.barring:
        refuse = "，或按 Ctrl R 拒绝调配" if draft.prescription is not None else ""
        return f"有不能放行的提示：请照左边处理{refuse}"
    if lacking:
        line = next(line for line in draft.lines if line.id in lacking)
        box = line.boxes - lacking[line.id] + 1
        what = f"「{line.drug.generic_name}」的第 {box} {line.drug.unit}"
        return f"还差 {sum(lacking.values())} 个追溯码：请扫{what}。"
    return _hint_at_the_end(draft, quoted, signing)


def _hint_at_the_end(draft: Draft, quoted: Quote, signing: SigningShown) -> str:
    """Return what is left to do once everything is scanned: the signature, the cash, the settlement."""
    if not signing.needed or signing.signed is not None:
        waits = draft.tendered is None and quoted.answer.patient
        return "收款：输入收到的金额，或按 F12 按应收结算" if waits else "按 F12 结算"
    if signing.void is not None:
        return "改动后签字已失效：请重新核对，再按 Ctrl S 签字"
    if signing.asked:
        return f"有 {len(signing.asked)} 条提示要说明理由才能放行：按 Ctrl S"
    return "审方：核对左边的提示，按 Ctrl S 签字"


def ask_agency(desk: Desk) -> None:
    """Have the agency compute the share as well, when it can be reached; the latest claim wins."""
    if desk.courier.online is not True or desk.settled is not None:
        return
    store = open_store(desk)
    quoted = quote(desk, store, desk.draft)
    if quoted is None or quoted.claim is None or not insured_settlements(quoted.answer):
        return
    made_at, ask = desk.now(), _lease_ask(desk, store, quoted)
    wanted = (quoted.claim, ask is not None)
    told = desk.presettled is not None and desk.presettled.claim == quoted.claim
    if told and desk.asked == wanted:
        return
    if business_day(made_at) == quoted.claim.day:
        desk.asked = wanted
        desk.courier.presettle(
            ClaimContext(
                store=store,
                draft=desk.draft,
                claim=quoted.claim,
                answer=quoted.answer,
                made_at=made_at,
                ask=ask,
            )
        )


def _lease_ask(desk: Desk, store: Store, quoted: Quote) -> LeaseAsk | None:
    person, claim = desk.draft.person, quoted.claim
    if person is None or claim is None or not quoted.answer.fund:
        return None  # Nothing to reserve.
    if sales.has_waiting(desk.db, person.psn_no):
        return None  # What was sold without a lease goes first: a reservation would take its share away.
    return ask_for(desk, store, person, claim.day)
