"""``shanyao policy``: the packs listed, shown, checked, and one claim explained for a person to read."""

from __future__ import annotations

import argparse
import io
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.errors import UserError
from app.policies import parse_readings, policy_texts, read_library
from engine.money import format_yuan
from engine.policy.answer import Answer, Refusal, Settlement
from engine.policy.claim import Claim
from engine.policy.compute import MissingParameter, answer_claim
from engine.policy.numbers import cite, numbers
from engine.policy.packs import Library, Pack, PackError, Problem, load_library
from engine.policy.parse import Reading
from engine.policy.request import BOM, InvalidRequest, read_claim

_BENEFITS = {
    "chronic_outpatient": "慢性病门诊",
    "two_disease_drugs": "“两病”门诊用药",
    "chronic_special_outpatient": "门诊慢特病",
    "ordinary_outpatient": "普通门诊统筹",
    "self_pay": "自费",
}
_PAYERS = {"patient": "个人", "fund": "基金", "assistance": "救助"}


class PackUnknown(UserError):
    """``show`` was asked for a pack that does not exist."""

    what = "没有叫“{pack}”的政策包。"
    advice = "现有的是：{packs}。"


class PolicyFileUnreadable(UserError):
    """``check`` was given a file that cannot be read as text."""

    what = "读不了 {file}：{why}。"
    advice = "请检查路径和权限，并确认文件是 UTF-8 编码。"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands of ``shanyao policy``."""
    parser.description = "查看、检查政策包，解释一笔预结算。"
    commands = parser.add_subparsers(dest="policy_command", required=True)
    commands.add_parser("list", help="列出政策包")
    show = commands.add_parser("show", help="显示一个政策包的数字、条款与读法")
    show.add_argument("pack", metavar="政策包")
    check = commands.add_parser("check", help="检查政策文件")
    check.add_argument("files", nargs="+", type=Path, metavar="文件")
    explain = commands.add_parser("explain", help="从标准输入读一个请求，逐步解释结果")
    for command in (show, explain):
        command.add_argument("--reading", action="append", default=[], metavar="政策包.问题=答案")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return 0, 1 where files or names are wrong, 2 where a claim cannot be answered."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        lines, status = _COMMANDS[args.policy_command](args)
    except PackError as error:
        lines, status = _wrong(error.problems), 1
    except UserError as error:
        lines, status = [str(error)], 1
    stream = sys.stderr if status == 1 else sys.stdout
    stream.write("".join(f"{line}\n" for line in lines))
    return status


def _list(_: argparse.Namespace) -> tuple[list[str], int]:
    return [
        f"{pack.id:<16} {_validity(pack):<26} {pack.title}{'（草案）' if pack.draft else ''}"
        for pack in read_library().packs
    ], 0


def _show(args: argparse.Namespace) -> tuple[list[str], int]:
    library = read_library(parse_readings(args.reading))
    pack = library.pack(args.pack)
    if pack is None:
        raise PackUnknown(pack=args.pack, packs="、".join(each.id for each in library.packs))
    return list(_describe(library, pack)), 0


def _check(args: argparse.Namespace) -> tuple[list[str], int]:
    """Check files as they would stand beside the packs that come with the program, or in their place."""
    given = {str(file): _read(file) for file in args.files}
    ids = {_id(text) for text in given.values()}
    beside = {name: text for name, text in policy_texts().items() if _id(text) not in ids}
    library = load_library(beside | given)
    packs = [pack for pack in library.packs if pack.id in ids]
    return [f"{pack.id}：没有问题（{len(pack.provisions)} 条）。" for pack in packs] or ["没有问题。"], 0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PolicyFileUnreadable(file=file, why="不是 UTF-8 文字") from error
    except OSError as error:
        why = next((words for kind, words in _UNREADABLE.items() if isinstance(error, kind)), "读取失败")
        raise PolicyFileUnreadable(file=file, why=why) from error


_UNREADABLE = {
    FileNotFoundError: "没有这个文件",
    IsADirectoryError: "它是一个文件夹",
    PermissionError: "没有读取的权限",
}


def _id(text: str) -> object:
    """Return the id that a policy file gives itself; None where it says none or is no TOML."""
    try:
        return tomllib.loads(text).get("id")
    except tomllib.TOMLDecodeError:
        return None


def _explain(args: argparse.Namespace) -> tuple[list[str], int]:
    library = read_library(parse_readings(args.reading))
    try:
        claim = read_claim(sys.stdin.buffer.read().removeprefix(BOM))
        answer = answer_claim(library, claim)
    except (InvalidRequest, MissingParameter) as error:
        return [error.message], 2
    return list(_derivation(library, claim, answer)), 0


_COMMANDS = {"list": _list, "show": _show, "check": _check, "explain": _explain}


def _wrong(problems: Sequence[Problem]) -> list[str]:
    return [*(str(problem) for problem in problems), f"共 {len(problems)} 处问题，政策文件没有采用。"]


def _validity(pack: Pack) -> str:
    return f"{pack.begins} 至 {pack.ends or '今'}"


def _describe(library: Library, pack: Pack) -> Iterator[str]:
    yield f"{pack.id}  {pack.title}"
    yield f"文件：{pack.document}{'（草案，正式印发后须重新核对）' if pack.draft else ''}"
    yield f"施行：{_validity(pack)}"
    yield f"校验：{pack.hash}"
    yield ""
    yield "数字"
    for what, shown, provision in numbers(pack):
        yield f"  {what}：{shown}  {cite(provision.clause)}  核对于 {provision.checked_on}"
        if provision.note:
            yield f"    注：{provision.note}"
    if pack.diseases:
        names = "、".join(sorted(library.disease_name(disease) for disease in pack.diseases))
        clause = pack.diseases_provision.clause if pack.diseases_provision else None
        yield f"  病种：{names}  {cite(clause)}"
    yield ""
    yield "读法"
    for reading in (*pack.readings, *library.national.readings):
        yield from _reading(reading, pack.taken[reading.id])


def _reading(reading: Reading, taken: str) -> Iterator[str]:
    yield f"  {reading.id}：{reading.question}"
    for answer, meaning in reading.answers.items():
        mark = "✓" if answer == taken else " "
        yield f"    {mark} {answer}：{meaning}"


def _derivation(library: Library, claim: Claim, answer: Answer) -> Iterator[str]:
    yield f"结算日 {claim.day}，政策 {answer.policy or '无'}"
    for settlement in answer.settlements:
        yield ""
        yield from _explain_settlement(library, settlement)
    if answer.refusals:
        yield ""
        yield "不支付的原因"
        for refusal in answer.refusals:
            yield _explain_refusal(refusal)
    yield ""
    yield (
        f"合计 {format_yuan(answer.total)} 元 = 基金 {format_yuan(answer.fund)}"
        f" + 救助 {format_yuan(answer.assistance)} + 个人 {format_yuan(answer.patient)}"
    )


def _explain_settlement(library: Library, settlement: Settlement) -> Iterator[str]:
    of_disease = f" · {library.disease_name(settlement.disease)}" if settlement.disease else ""
    yield f"{_BENEFITS[settlement.benefit]}{of_disease}（第 {'、'.join(settlement.lines)} 行）"
    yield f"  总费用 {format_yuan(settlement.total):>14}"
    for step in settlement.steps:
        amount = f"{format_yuan(step.amount):>14}"
        yield f"  {_PAYERS[step.payer]}   {amount}  {step.text}{cite(step.clause)}"
    sums = (("基金", settlement.fund), ("救助", settlement.assistance), ("个人", settlement.patient))
    yield "  " + "，".join(f"{who}共 {format_yuan(sum_)} 元" for who, sum_ in sums)


def _explain_refusal(refusal: Refusal) -> str:
    where = "整单" if refusal.line is None else f"第 {refusal.line} 行"
    return f"  {where}：{refusal.message}{cite(refusal.clause)}"
