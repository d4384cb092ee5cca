"""``shanyao knowledge``: what is known of drugs, listed, shown for one drug, and files checked."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.errors import UserError
from app.knowledge import knowledge_texts, read_knowledge
from engine.knowledge.entries import Source
from engine.knowledge.library import Identity, Knowledge, concerns
from engine.knowledge.loading import KnowledgeError, load_knowledge
from engine.knowledge.parse import FAMILIES
from engine.knowledge.strength import written_mg
from engine.policy.answer import Clause
from engine.policy.problems import Problem

_TITLES = {
    "ingredient": "成分",
    "compound": "复方",
    "class": "治疗类别",
    "interaction": "相互作用",
    "sex": "性别限制",
    "age": "年龄限制",
    "pregnancy": "妊娠",
    "breastfeeding": "哺乳",
    "allergy": "过敏",
    "dose": "最大日剂量",
    "condition": "限定支付范围的病种",
    "limit": "限定支付范围的其他条件",
    "specialty": "专科",
    "quantity": "处方用量",
    "long_term": "长期处方",
    "long_term_ban": "不适用长期处方",
    "ephedrine": "含麻黄碱复方制剂",
    "special": "特殊管理药品",
    "repeat": "重复取药",
    "duty": "拒付并反馈",
    "basis": "审方依据",
    "override": "放行理由",
    "refusal": "拒绝理由",
}
_GRAVITY = {"contraindicated": "禁忌", "serious": "严重", "moderate": "注意"}
_STATES = {"pregnancy": "妊娠", "breastfeeding": "哺乳"}


class NothingKnown(UserError):
    """``show`` was asked for a name that nothing is known of."""

    what = "知识里没有“{name}”。"
    advice = "请写药品通用名，例如 苯磺酸氨氯地平片；或先用 shanyao knowledge list 看有哪些类。"


class KnowledgeUnreadable(UserError):
    """``check`` was given a file that cannot be read as text."""

    what = "读不了 {file}：不是 UTF-8 文字，或没有这个文件、没有读取的权限。"
    advice = "请检查路径、权限和编码。"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands of ``shanyao knowledge``."""
    parser.description = "查看、检查用药知识。"
    commands = parser.add_subparsers(dest="knowledge_command", required=True)
    commands.add_parser("list", help="列出各类知识的条数和核对情况")
    show = commands.add_parser("show", help="显示一种药的全部知识与出处")
    show.add_argument("drug", metavar="药品通用名")
    check = commands.add_parser("check", help="检查知识文件")
    check.add_argument("files", nargs="+", type=Path, metavar="文件")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return 0, or 1 where files or names are wrong."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        lines, status = _COMMANDS[args.knowledge_command](args), 0
    except KnowledgeError as error:
        lines, status = _wrong(error.problems), 1
    except UserError as error:
        lines, status = [str(error)], 1
    stream = sys.stderr if status else sys.stdout
    stream.write("".join(f"{line}\n" for line in lines))
    return status


def _list(_: argparse.Namespace) -> list[str]:
    knowledge = read_knowledge()
    lines = [f"用药知识 {knowledge.hash[:12]}"]
    for family in FAMILIES:
        facts = knowledge.facts(family)
        open_ = sum(not fact.source.verified for fact in facts)
        rest = f"，其中 {open_} 条未与原文核对" if open_ else ""
        lines.append(f"  {_TITLES[family]} {len(facts)} 条{rest}")
    return lines


def _check(args: argparse.Namespace) -> list[str]:
    """Check files as they would stand in place of those that come with the program."""
    given = {file.name: _read(file) for file in args.files}
    load_knowledge(knowledge_texts() | given)
    return [f"{name}：没有问题。" for name in sorted(given)]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeUnreadable(file=file) from error


def _show(args: argparse.Namespace) -> list[str]:
    knowledge = read_knowledge()
    identity = knowledge.identify(args.drug)
    if not identity.groups:
        raise NothingKnown(name=args.drug)
    return list(_about(knowledge, identity))


_COMMANDS = {"list": _list, "show": _show, "check": _check}


def _wrong(problems: Sequence[Problem]) -> list[str]:
    return [*(str(problem) for problem in problems), f"共 {len(problems)} 处问题，知识文件没有采用。"]


def _about(knowledge: Knowledge, identity: Identity) -> Iterator[str]:
    yield identity.parts.name
    yield f"成分：{'、'.join(map(knowledge.name_of, identity.ingredients)) or '（按名称归类）'}"
    yield f"类别：{'、'.join(sorted(map(knowledge.name_of, identity.classes))) or '（无）'}"
    yield from _most(knowledge, identity)
    yield from _limits(knowledge, identity)
    yield from _interactions(knowledge, identity)


def _most(knowledge: Knowledge, identity: Identity) -> Iterator[str]:
    for dose in knowledge.facts("dose"):
        if dose.of in identity.ingredients and dose.route == identity.route:
            whose = f"{dose.from_age} 岁以上" if dose.from_age else "成人"
            amount = written_mg(dose.mg)
            yield f"最大日剂量（{whose}）：{knowledge.name_of(dose.of)} {amount}  {_cite(dose.source)}"


def _limits(knowledge: Knowledge, identity: Identity) -> Iterator[str]:
    for limit in knowledge.facts("sex"):
        if concerns(limit.group, identity):
            where = knowledge.cited(limit.source, identity)
            yield f"只给{limit.only}性：{limit.why}  {_cite(limit.source, where)}"
    for limit in knowledge.facts("age"):
        if concerns(limit.group, identity):
            yield f"年龄：{limit.why}  {_cite(limit.source, knowledge.cited(limit.source, identity))}"
    for family, state in _STATES.items():
        for limit in knowledge.facts(family):
            if concerns(limit.group, identity):
                yield f"{state}：{limit.why}  {_cite(limit.source, knowledge.cited(limit.source, identity))}"


def _interactions(knowledge: Knowledge, identity: Identity) -> Iterator[str]:
    for fact in knowledge.facts("interaction"):
        for ours, theirs in ((fact.a, fact.b), (fact.b, fact.a)):
            if ours in identity.groups:
                other, gravity = knowledge.name_of(theirs), _GRAVITY[fact.gravity]
                yield f"与{other}（{gravity}）：{fact.effect}。{fact.advice}。  {_cite(fact.source)}"


def _cite(source: Source, clause: Clause | None = None) -> str:
    where = clause or source.clause
    rest = "" if source.verified else "，未与原文核对"
    return f"〔{where.document} {where.section}，{source.checked_on}{rest}〕"
