"""From the text of one policy file to a pack; whatever is wrong is a finding and reading goes on."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from engine.policy import vocabulary
from engine.policy.answer import Clause
from engine.policy.problems import Problem
from engine.policy.provisions import Amount, Assistance, GoodFor, Limit, Provision, Supply, Value
from engine.policy.table import Table, count, ratio, read_table, texts, yuan


class Reading(Struct, frozen=True):
    """A place where the text can be read in more ways than one: the question, the answers, the one taken."""

    id: str
    question: str
    taken: str
    answers: dict[str, str]


class PolicyFile(Struct, frozen=True, kw_only=True):
    """One file as read: a city's pack in one version, or the national rules (``city`` empty)."""

    file: str
    id: str
    title: str
    document: str
    also_cites: frozenset[str]
    city: str
    insurances: frozenset[str]
    begins: date
    ends: date | None
    draft: bool
    benefit: str
    by_disease: bool
    readings: tuple[Reading, ...]
    provisions: tuple[Provision, ...]
    disease_names: dict[str, str]


NATIONAL = "national"
_BENEFITS = frozenset(
    {"chronic_outpatient", "two_disease_drugs", "chronic_special_outpatient", "ordinary_outpatient"}
)
_FAR = date(9999, 12, 31)


def parse_file(file: str, text: str, problems: list[Problem]) -> PolicyFile | None:
    """Return what ``text`` says, with everything wrong added to ``problems``; None where it is not TOML."""
    table = read_table(file, text, problems)
    if table is None:
        return None
    pack_id, document = table.text("id"), table.text("document")
    national = pack_id == NATIONAL
    also = frozenset[str]() if national else table.names("also_cites")
    families = ("good_for",) if national else vocabulary.PACK_FAMILIES
    provisions = [
        _provision(row, place, family, document, also)
        for family in families
        for place, row in table.rows(family)
    ]
    begins, ends = (_FAR, None) if national else _validity(table)
    pack = PolicyFile(
        file=file,
        id=pack_id,
        title=table.text("title"),
        document=document,
        also_cites=also,
        city="" if national else _city(table),
        insurances=frozenset() if national else table.codes("insurance", vocabulary.INSURANCES),
        begins=begins,
        ends=ends,
        draft=table.flag("draft", default=False),
        benefit="" if national else table.one_of("benefit", _BENEFITS),
        by_disease=False if national else table.flag("by_disease"),
        readings=tuple(_reading(row) for _, row in table.rows("reading")),
        provisions=tuple(provisions),
        disease_names=texts(table.within("disease_names")),
    )
    table.finish()
    return pack


def _city(table: Table) -> str:
    city = table.text("city")
    if city and not (len(city) == 4 and city.isascii() and city.isdigit()):
        table.report("city", "应为行政区划代码的前四位，例如 3306")
    return city


def _validity(table: Table) -> tuple[date, date | None]:
    validity = table.within("validity")
    begins, ends = validity.day("begins"), validity.day("ends", optional=True)
    validity.text("section", missing="没有注明出处（section）")
    validity.day("checked_on", missing="没有注明核对日期（checked_on）")
    validity.text("note", optional=True)
    validity.finish()
    if begins and ends and ends < begins:
        validity.report("ends", "早于开始日期（begins）")
    return begins or _FAR, ends


def _reading(row: Table) -> Reading:
    answers = row.within("answers")
    reading = Reading(row.text("id"), row.text("question"), row.text("taken"), texts(answers))
    row.text("note", optional=True)
    if len(reading.answers) < 2:
        answers.report("", "至少要有两种答案")
    if reading.taken and reading.taken not in reading.answers:
        row.report("taken", f"“{reading.taken}”不在答案（answers）之中")
    row.finish()
    return reading


def _provision(row: Table, place: str, family: str, document: str, also: frozenset[str]) -> Provision:
    subject, value = _VALUES[family](row)
    section = row.text("section", missing="没有注明条款（section）")
    cited = row.text("document", optional=True)
    if cited and cited != document and cited not in also:
        row.report("document", f"“{cited}”不是本文件，也没有列在 also_cites  中")
    checked_on = row.day("checked_on", missing="没有注明核对日期（checked_on）")
    provision = Provision(
        family=family,
        key=place,
        subject=subject,
        when=_conditions(row, family, subject),
        value=value,
        clause=Clause(cited or document, section),
        checked_on=checked_on or _FAR,
        id=row.text("id", optional=True),
        overrides=row.names("overrides"),
        reading=tuple(sorted(texts(row.within("reading")).items())),
        advice=row.text("advice", optional=True),
        note=row.text("note", optional=True),
    )
    row.finish()
    return provision


def _conditions(row: Table, family: str, subject: str) -> tuple[tuple[str, frozenset[object]], ...]:
    when = row.within("when")
    allowed = vocabulary.WHEN[family]
    if subject in vocabulary.FOR_SOURCE:
        allowed = allowed | {"source"}
    conditions = [
        (field, when.codes(field, words))
        for field, words in vocabulary.CONDITIONS.items()
        if field in allowed and when.has(field)
    ]
    when.finish()
    return tuple(conditions)


def _coverage(row: Table) -> tuple[str, Value]:
    return "", row.flag("covered")


def _requires(row: Table) -> tuple[str, Value]:
    return row.one_of("what", frozenset(vocabulary.REQUIREMENTS)), row.flag("asked", default=True)


def _sources(row: Table) -> tuple[str, Value]:
    return "", row.codes("accepted", vocabulary.SOURCES)


def _supply(row: Table) -> tuple[str, Value]:
    return "", (Supply(months=count(row, "months")) if row.has("months") else Supply(days=count(row, "days")))


def _basis(row: Table) -> tuple[str, Value]:
    return row.one_of("of", vocabulary.BASES), None


def _diseases(row: Table) -> tuple[str, Value]:
    if row.has("parameter"):
        return "", row.one_of("parameter", frozenset({"disease_class"}))
    return "", row.codes("keys", None)


def _share(row: Table) -> tuple[str, Value]:
    return "", ratio(row, "ratio")


def _deductible(row: Table) -> tuple[str, Value]:
    if row.has("parameter"):
        return "", Amount(parameter=row.one_of("parameter", frozenset({"deductible"})))
    return "", Amount(fen=yuan(row, "yuan"))


def _limit(row: Table) -> tuple[str, Value]:
    amount, disease_limits = None, None
    if row.has("disease_limits"):
        disease_limits = row.one_of("disease_limits", frozenset({"sum", "own"}))
    elif row.has("parameter"):
        amount = Amount(parameter=row.one_of("parameter", frozenset({"annual_limit", "pool_limit"})))
    else:
        amount = Amount(fen=yuan(row, "yuan"))
    counts = row.codes("counts", vocabulary.ACCUMULATORS)
    adds_to = row.codes("adds_to", vocabulary.PAYABLE)
    if not counts & adds_to:
        row.report("adds_to", "支付额没有计入限额所累计的任何一项（counts），限额就挡不住下一笔")
    return row.text("pot"), Limit(amount, disease_limits, tuple(sorted(counts)), tuple(sorted(adds_to)))


def _assistance(row: Table) -> tuple[str, Value]:
    return "", Assistance(
        row.one_of("parameter", frozenset({"assistance_ratio"})), row.flag("over_limit_counts")
    )


def _good_for(row: Table) -> tuple[str, Value]:
    if row.has("as_noted"):
        row.flag("as_noted")
        return "", GoodFor(None)
    return "", GoodFor(count(row, "days"), row.one_of("counted", frozenset({"in_all", "after"})) == "after")


_VALUES = {
    "coverage": _coverage,
    "requires": _requires,
    "sources": _sources,
    "supply": _supply,
    "basis": _basis,
    "diseases": _diseases,
    "ratio": _share,
    "deductible": _deductible,
    "limit": _limit,
    "assistance": _assistance,
    "good_for": _good_for,
}
