"""Whatever lies on the desk, review finds the same twice, says the gravest first, and never fails."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.prescription import Diagnosis, Dose, Finding, PrescribedLine
from engine.review import bars, digest_of_review, needing_reason, needs_signature, review, unpassed
from engine.sale import Draft, set_quantity
from engine.signoff import Override
from tests.fakes.review_desk import DAY, Facts, drug, facts, facts_of, had, person, prescribed, prescription

NAMES = (
    "苯磺酸氨氯地平片",
    "缬沙坦氨氯地平片",
    "阿托伐他汀钙片",
    "克拉霉素片",
    "华法林钠片",
    "酚麻美敏片",
    "消渴丸",
    "艾司唑仑片",
    "红霉素软膏",
    "布地奈德福莫特罗吸入粉雾剂",
    "甘精胰岛素注射液",
    "六味地黄丸",
    "非那雄胺片",
    "某未知药片",
)
SPECS = ("5mg×28片", "0.5g", "240mg/5mg×14片", "3ml:300单位", "复方", "", "200丸", "50μg/250μg×60吸")
UNITS = ("mg", "g", "片", "ml", "滴", "IU", "", "适量")


def some(each: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    """Return none to three of something."""
    return st.lists(each, max_size=3).map(tuple)


doses = st.builds(
    Dose,
    amount=st.decimals("0.001", "9999", places=3),
    unit=st.sampled_from(UNITS),
    per_day=st.decimals("0.1", "24", places=1),
)
lines = st.builds(
    PrescribedLine,
    name=st.sampled_from(NAMES) | st.text(max_size=12),
    quantity=st.integers(1, 99),
    drug=st.none() | st.text(max_size=23),
    form=st.sampled_from(("", "片剂", "注射剂", "没有的剂型")),
    strength=st.sampled_from(SPECS),
    dose=st.none() | doses,
    days=st.none() | st.integers(1, 366),
)
boxes = st.builds(
    drug,
    st.sampled_from(NAMES),
    st.sampled_from(SPECS),
    prescription_only=st.booleans(),
    pack_size=st.none() | st.integers(1, 100),
)
people = st.builds(
    person,
    st.sampled_from("男女"),
    st.integers(0, 110),
    st.sampled_from(("330681", "320205", "371502", "420704", "110101", "")),
)
history = st.lists(
    st.builds(
        had,
        st.sampled_from((*NAMES, "")),
        st.integers(0, 120),
        st.none() | st.integers(1, 366),
        quantity=st.integers(0, 9),
        here=st.booleans(),
        provider=st.sampled_from(("P33068100001", "P2", "P3")),
    ),
    max_size=8,
).map(tuple)
written = st.builds(
    lambda drugs, days, more: prescription(*drugs, days=days, **more),
    st.lists(lines, max_size=7),
    st.integers(1, 366),
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(("external", "electronic", "internet_hospital")),
            "issued": st.integers(-9, 2).map(lambda days: DAY + timedelta(days=days)),
            "diagnosis": st.sampled_from(("", "高血压病", "2型糖尿病")) | st.text(max_size=20),
            "diagnoses": st.lists(
                st.builds(Diagnosis, st.text(max_size=6), st.text(max_size=6)), max_size=3
            ).map(tuple),
            "allergies": st.lists(
                st.sampled_from(("青霉素", "磺胺", "")) | st.text(max_size=5), max_size=2
            ).map(tuple),
            "pregnant": st.booleans(),
            "breastfeeding": st.booleans(),
            "long_term": st.booleans(),
            "confirmed": st.booleans(),
            "psn_no": st.sampled_from((None, "99330681000000000099", "1")),
        }
    ),
)


@st.composite
def desks(draw: st.DrawFn) -> Facts:
    """Return anything that may lie on a desk."""
    whose = draw(st.none() | people)
    base = facts(*draw(st.lists(boxes, max_size=5)), quantity=draw(st.integers(1, 12))).draft
    draft = replace(base, person=whose, prescription=draw(st.none() | written))
    return facts_of(
        draft,
        history=draw(history) if whose else (),
        told_until=draw(st.none() | st.just(DAY)),
        authentic=draw(st.sampled_from((None, True, False))),
    )


@settings(max_examples=300, deadline=None)
@given(desks())
def test_review_finds_the_same_twice_gravest_first_in_whole_sentences(desk: Facts) -> None:
    findings = review(desk)

    assert findings == review(desk)
    ranks = [("refused", "attention", "ok").index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks)
    assert len(findings) == len(set(findings))
    for finding in findings:
        assert finding.text.rstrip().endswith("。"), finding
        assert not finding.advice or finding.advice.endswith("。"), finding
        assert finding.severity == "refused" or not (finding.may_override or finding.bars), finding
        assert not (finding.may_override and finding.bars), finding


@settings(max_examples=150, deadline=None)
@given(desks())
def test_every_finding_that_may_be_passed_is_passed_by_one_reason_of_its_own(desk: Facts) -> None:
    findings = review(desk)
    asked = needing_reason(findings)
    given_ = tuple(Override(code=each.code, subject=each.subject, reason="医师已确认") for each in asked)

    assert unpassed(findings, ()) == asked
    assert unpassed(findings, given_) == ()
    assert not set(bars(findings)) & set(asked)
    assert len({(each.code, each.subject) for each in asked}) == len(asked)
    if given_:
        assert unpassed(findings, given_[1:]) != ()
        assert unpassed(findings, tuple(replace(each, reason="  ") for each in given_)) == asked


def _changes(draft: Draft) -> list[Draft]:
    """Return the draft with one thing changed that a pharmacist looks at."""
    changed = [
        replace(draft, person=replace(person(), psn_no="2")),
        replace(draft, person=None),
        replace(draft, prescription=None),
        replace(draft, prescription=prescription(prescribed("缬沙坦胶囊"), days=6)),
        replace(draft, lines=draft.lines[1:]),
        set_quantity(draft, "1", 7),
        replace(draft, lines=(*draft.lines, replace(draft.lines[0], id="99", drug=drug("地高辛片")))),
        replace(draft, lines=(replace(draft.lines[0], split=True), *draft.lines[1:])),
    ]
    return [each for each in changed if each != draft]


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=4, unique_by=lambda each: each.code))
def test_any_change_of_what_was_reviewed_voids_the_signature(drugs: list[object]) -> None:
    draft = facts(*drugs).draft  # type: ignore[arg-type]
    findings = review(facts_of(draft))
    digest = digest_of_review(draft, findings)

    assert digest == digest_of_review(draft, tuple(reversed(findings)))
    assert all(digest_of_review(each, findings) != digest for each in _changes(draft))
    more = Finding("attention", "dispensed_recently", "还有药。")
    assert digest_of_review(draft, (*findings, more)) != digest


@settings(max_examples=60, deadline=None)
@given(st.lists(boxes, min_size=1, max_size=4, unique_by=lambda each: each.code))
def test_what_is_not_the_pharmacists_matter_voids_nothing(drugs: list[object]) -> None:
    draft = facts(*drugs).draft  # type: ignore[arg-type]
    findings = review(facts_of(draft))
    digest = digest_of_review(draft, findings)
    first = draft.lines[0]
    assert draft.person is not None
    later = replace(draft.person.snapshot, as_of=draft.person.snapshot.as_of + timedelta(days=1))

    for same in (
        replace(draft, tendered=5_000),
        replace(draft, lines=(replace(first, trace_codes=("8" * 20,)), *draft.lines[1:])),
        replace(draft, person=replace(draft.person, snapshot=later)),
    ):
        assert digest_of_review(same, findings) == digest
    good, money = Finding("ok", "fine", "好。"), Finding("attention", "floor_limit", "先付全款。")
    assert digest_of_review(draft, (*findings, good, money)) == digest


def test_only_a_prescription_drug_or_something_to_pass_needs_a_signature() -> None:
    free = replace(facts(drug("维生素C泡腾片", prescription_only=False)).draft, prescription=None)

    assert not needs_signature(free, review(facts_of(free)))
    assert needs_signature(facts(drug("缬沙坦胶囊")).draft, ())
