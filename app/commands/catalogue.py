"""``shanyao catalogue``: drugs, lists and prices into the catalogue; what it holds; what was doubtful."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from app.clock import SystemClock
from app.commands.books import add_data_arguments
from app.commands.importing import ASKED, give_way, print_lines, say, shelves_of, shown, told
from app.errors import DatabaseBusy, UserError
from app.importing import telling
from app.importing.cells import price_of
from app.importing.errors import ImportRunning, MappingUnclear
from app.importing.intake import ImportQuestion, Options
from app.importing.run import Shelves, import_file, look_at
from app.importing.titles import TITLES
from app.storage import intake, items, search
from app.storage.connection import transaction
from app.usecases import shelf
from app.usecases.repricing import PriceUnclear, keep_price
from engine.calendar import CHINA
from engine.catalogue import Drug, Listing, Price
from engine.money import format_percent, format_yuan

_CLASSES = {"A": "甲类", "B": "乙类", "C": "丙类"}
_INSURANCES = {None: "", "resident": "居民", "employee": "职工"}
_PRICES = {"platform": "挂网价", "agreed": "协议价", "procurement": "中选价", "ceiling": "限价"}


class DrugUnknown(UserError):
    what = "目录里没有编码为 {code} 的药。"
    advice = "请核对编码，或先导入药品目录。"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``shanyao catalogue``."""
    parser.description = "药品目录：导入、查看、从医保中心更新。柜台可以开着。"
    acts = parser.add_subparsers(dest="act", required=True)
    take = acts.add_parser("import", help="导入一个目录文件，种类由内容认出")
    _add_import_arguments(take)
    look = acts.add_parser("look", help="看一个文件是哪一种、有哪些列，不导入")
    look.add_argument("file", type=Path)
    look.add_argument("--kind", metavar="KIND")
    show = acts.add_parser("show", help="查看一种药，连同各时期的医保类别和价格")
    show.add_argument("code", help="国家药品编码、药品本位码、本店编码或条码")
    report = acts.add_parser("report", help="列出最近的导入，和其中没有导入、存疑的行")
    report.add_argument("--csv", type=Path, metavar="FILE", help="把最近一次的清单写成 CSV")
    price = acts.add_parser("price", help="给一种药定本店的售价（元）")
    price.add_argument("code", help="国家药品编码、药品本位码、本店编码或条码")
    price.add_argument("yuan", help="如 12.60")
    fetch = acts.add_parser("fetch", help="向医保中心查询目录（1301、1312、1316、1318、1319）并更新")
    index = acts.add_parser("index", help="重新整理检索；更新多时柜台会自己做")
    for act in (take, look, show, report, price, fetch, index):
        add_data_arguments(act)
    for act in (take, look, fetch):
        act.add_argument("--progress", choices=("json-lines",), help=argparse.SUPPRESS)


def _add_import_arguments(take: argparse.ArgumentParser) -> None:
    take.add_argument("file", type=Path)
    take.add_argument("--kind", metavar="KIND", help="指明种类：" + "、".join(TITLES))
    take.add_argument(
        "--mapping",
        metavar="项=列,…",
        help="本店商品表的列对照，如 price=零售价,code=医保编码；1301 则依次写列名",
    )
    take.add_argument("--yes", action="store_true", help="文件是完整的，里面没有的照样下架")
    take.add_argument("--part", action="store_true", help="文件只是一部分，只更新里面有的")
    take.add_argument("--year", type=int, help="医保药品目录是哪一年版")
    take.add_argument("--begins", type=date.fromisoformat, metavar="DATE", help="文件没有写时，从哪天起执行")
    take.add_argument("--ends", type=date.fromisoformat, metavar="DATE", help="文件没有写时，执行到哪天")
    take.add_argument("--region", help="价格文件没有写时，适用的区划代码")
    take.add_argument("--document", default="", help="价格的依据文件")
    take.add_argument("--price-kind", choices=tuple(_PRICES), help="价格文件没有写时，是哪一种价格")
    take.add_argument("--report", type=Path, metavar="FILE", help="把清单写成 CSV")


def run(args: argparse.Namespace) -> int:
    """Do what was asked; return 1 where nothing was imported, 3 where a person is asked first."""
    if args.act == "fetch":
        from app.commands.catalogue_fetch import fetch  # noqa: PLC0415 - the line to the agency is heavy

        return fetch(args)
    with shelves_of(args) as shelves:
        return _ACTS[args.act](shelves, args)


def _import(shelves: Shelves, args: argparse.Namespace) -> int:
    if args.progress:
        return told(lambda: import_file(shelves, args.file, _options(args), SystemClock().now(), say))
    try:
        report = import_file(shelves, args.file, _options(args), SystemClock().now(), shown())
    except DatabaseBusy as error:
        raise ImportRunning() from error
    except ImportQuestion as error:
        sys.stderr.write(f"{error.what}{error.advice}\n")
        return ASKED
    if args.report is not None:
        telling.write_report(args.report, report.remarks)
    print_lines(telling.summary(report), *telling.lines(report.remarks))
    return 1 if telling.took_nothing(report.run) else 0


def _look(shelves: Shelves, args: argparse.Namespace) -> int:
    if args.progress:
        return told(lambda: look_at(shelves, args.file, Options(kind=args.kind)))
    seen = look_at(shelves, args.file, Options(kind=args.kind))
    print_lines(f"「{args.file.name}」是{seen.title}（{seen.kind}）。")
    for number, column in enumerate(seen.columns, 1):
        print_lines(f"{number}\t{column.heading}\t{column.field or '—'}\t{'、'.join(column.samples)}")
    return 0


def _options(args: argparse.Namespace) -> Options:
    return Options(
        kind=args.kind,
        mapping=_mapping(args.mapping, args.kind),
        whole=args.yes,
        part=args.part,
        year=args.year,
        begins=args.begins,
        ends=args.ends,
        region=args.region,
        document=args.document,
        price_kind=args.price_kind,
    )


def _mapping(text: str | None, kind: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    if kind == "1301":
        return {part: "" for part in parts}
    pairs = [part.partition("=") for part in parts]
    if any(not mark for _field, mark, _heading in pairs):
        raise MappingUnclear(why="每一项要写成 项=列 的样子，如 price=零售价。")
    return {field.strip(): heading.strip() for field, _mark, heading in pairs}


def _report(shelves: Shelves, path: Path | None) -> int:
    runs = intake.runs(shelves.drugs, 20)
    if not runs:
        print_lines("还没有导入过目录。")
        return 0
    for run_ in runs:
        at = run_.at.astimezone(CHINA)
        odd = f"没有导入 {run_.refused}\t存疑 {run_.doubtful}"
        print_lines(
            f"{at:%Y-%m-%d %H:%M}\t{TITLES[run_.kind]}\t{run_.name}\t{run_.rows} 行\t新增 {run_.added}"
            f"\t更改 {run_.changed}\t没有变化 {run_.unchanged}\t下架 {run_.delisted}\t{odd}"
        )
    remarks = intake.remarks(shelves.drugs, runs[0].id)
    print_lines(*telling.lines(remarks))
    if path is not None:
        telling.write_report(path, remarks)
    return 0


def _price(shelves: Shelves, code: str, yuan: str) -> int:
    drug = shelf.named(shelves.books, shelves.drugs, code)
    if drug is None:
        raise DrugUnknown(code=code)
    fen = price_of(yuan)
    if not fen:
        raise PriceUnclear(text=yuan)
    with transaction(shelves.books):
        keep_price(shelves.books, drug, fen, SystemClock().now())
    print_lines(f"{drug.generic_name} {drug.spec} 的售价定为 {format_yuan(fen)} 元。")
    return 0


def _index(shelves: Shelves) -> int:
    give_way()
    try:
        with transaction(shelves.drugs):
            search.rebuild(shelves.drugs)
    except DatabaseBusy as error:
        raise ImportRunning() from error
    print_lines("检索已重新整理。")
    return 0


def _show(shelves: Shelves, code: str) -> int:
    drug = shelf.named(shelves.books, shelves.drugs, code)
    if drug is None:
        raise DrugUnknown(code=code)
    print_lines(
        f"{drug.code}\t{drug.generic_name}\t{drug.form}\t{drug.spec}\t{drug.maker}\t{drug.approval}",
        "\t".join(_facts(drug)),
        *(_listed(row) for row in sorted(drug.listings, key=lambda row: (row.region, row.begins))),
        *(_priced(row) for row in drug.prices),
    )
    if not drug.listings:
        print_lines("医保目录外。")
    item = items.by_code(shelves.books, drug.code)
    if item is not None and item.barcodes:
        print_lines(f"本店条码 {'、'.join(item.barcodes)}")
    return 0


def _facts(drug: Drug) -> Iterator[str]:
    yield "处方药" if drug.prescription_only else "非处方药"
    if not drug.on_market:
        yield "已停售"
    yield f"售价 {format_yuan(drug.price)} 元" if drug.price is not None else "还没有售价"
    if drug.shop_code:
        yield f"本店编码 {drug.shop_code}"
    if drug.barcode:
        yield f"条码 {drug.barcode}"
    if drug.standard_code:
        yield f"本位码 {drug.standard_code}"


def _listed(row: Listing) -> str:
    parts = [
        _days(row.begins, row.ends),
        row.region or "全国",
        _INSURANCES[row.insurance],
        _CLASSES[row.klass],
        f"先自付 {format_percent(row.first_self_pay_bp)}" if row.first_self_pay_bp else "",
        f"支付标准 {format_yuan(row.payment_standard)} 元" if row.payment_standard is not None else "",
        "国家谈判" if row.negotiated else "",
        "集采中选" if row.procured else "",
        row.scope,
    ]
    return "\t".join(part for part in parts if part)


def _priced(row: Price) -> str:
    return "\t".join(
        part
        for part in (
            _days(row.begins, row.ends),
            row.region or "全国",
            f"{_PRICES[row.kind]} {format_yuan(row.fen)} 元",
            row.document,
        )
        if part
    )


def _days(begins: date, ends: date | None) -> str:
    return f"{begins.isoformat()} 至 {ends.isoformat() if ends else '今'}"


_ACTS: dict[str, Callable[[Shelves, argparse.Namespace], int]] = {
    "import": _import,
    "look": _look,
    "report": lambda shelves, args: _report(shelves, args.csv),
    "price": lambda shelves, args: _price(shelves, args.code, args.yuan),
    "show": lambda shelves, args: _show(shelves, args.code),
    "index": lambda shelves, _args: _index(shelves),
}
