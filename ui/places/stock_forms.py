"""The forms of the stock place as values: what is asked, in which order, and what the keys do. No Qt here."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

Values: TypeAlias = dict[str, str]
"""What is typed, by field; the chosen one of the choices under ``choice``."""


class FormField(Struct, frozen=True):
    """One field: its key, its label, and what stands in it while it is empty."""

    key: str
    label: str
    hint: str = ""


class FormSpec(Struct, frozen=True, kw_only=True):
    """A form: ``choices`` are buttons of which one is chosen, ``second`` a quieter act beside the main
    one."""

    name: str
    title: str
    note: str = ""
    fields: tuple[FormField, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    main: str = ""
    second: str = ""


SHELF = FormSpec(name="shelf", title="库存")
RECEIVE = FormSpec(
    name="receive",
    title="入库",
    note="扫盒子计数；有数字的直接输入数量。Enter 填下面的格，F12 整单入库。",
    fields=(
        FormField("supplier", "供应商"),
        FormField("note", "随货单号"),
        FormField("batch", "批号"),
        FormField("expires", "有效期至", "2028-05"),
        FormField("made", "生产日期", "上传要用"),
        FormField("packs", "数量"),
        FormField("cost", "进价", "元，可不填"),
    ),
    main="整单入库  F12",
    second="作废这张单",
)
COUNT = FormSpec(
    name="count",
    title="盘点",
    note="逐盒扫码，或选一批后直接输入数量。只记数过的批。",
    fields=(
        FormField("packs", "整盒"),
        FormField("pieces", "散片", "没有就不填"),
        FormField("why", "差异原因", "有差异时必填"),
    ),
    main="盘点记账  F12",
    second="作废这次盘点",
)
CHANGE = FormSpec(
    name="change",
    title="处理这一批",
    note="每盒有追溯码的，扫要处理的盒。",
    choices=(
        ("damaged", "破损"),
        ("lost", "丢失"),
        ("expired", "过期"),
        ("sent_back", "退供应商"),
        ("set_aside", "待处理"),
        ("released", "重新上架"),
        ("taken_back", "更正入库"),
        ("held_damaged", "待处理报损"),
        ("held_sent_back", "待处理退货"),
    ),
    fields=(
        FormField("packs", "整盒"),
        FormField("pieces", "散片", "没有就不填"),
        FormField("why", "原因", "退供应商写退货单号"),
    ),
    main="记账  F12",
)
RECALL = FormSpec(
    name="recall",
    title="召回",
    note="记账后这一批立刻不能卖。批号不填，就是全部批号。",
    fields=(
        FormField("drug", "药品", "扫盒子，或输药名、编码"),
        FormField("batch", "批号"),
        FormField("why", "通知文号"),
    ),
    main="停售召回  F12",
    second="解除这次",
)
UNCODED = FormSpec(
    name="uncoded",
    title="无码库",
    note="老库存没有追溯码的，登记后到截止日以前可以医保结算。",
    fields=(
        FormField("drug", "药品", "扫条码，或输药名、编码"),
        FormField("until", "截止日", "2026-12-31"),
        FormField("why", "原因", "为什么没有码"),
    ),
    main="登记  F12",
    second="撤下这一行",
)
RETURNS = FormSpec(
    name="returns",
    title="顾客退药",
    note="扫退回的盒子，或扫小票上的单号。退回的药先放待处理区，由药师决定。",
    fields=(FormField("quantity", "数量"), FormField("why", "原因")),
    main="登记退药  F12",
)
OPENED = FormSpec(name="opened", title="拆零记录", note="拆零在收银时按 Ctrl L；这里是每一盒的记录。")
ACTS = (
    ("receive", "入库"),
    ("count", "盘点"),
    ("change", "处理这一批"),
    ("recall", "召回"),
    ("uncoded", "无码库"),
    ("returns", "顾客退药"),
    ("opened", "拆零记录"),
)
"""The acts in the order of their keys, Ctrl 1 and on."""
