"""Troubles with stock that the person at the counter can act on; the form is that of ``app.errors``."""

from __future__ import annotations

from app.errors import UserError


class StockUnclear(UserError):
    """What was typed for the stock cannot be booked; ``problem`` is whole sentences."""

    what = "还不能记账：{problem}"
    advice = "改好后再按一次；库存没有改动。"


class NotEnoughStock(UserError):
    what = "{name} 批号 {batch} 账上没有这么多，没有记账。"
    advice = "请核对数量；实物与账不符的，先盘点再记。"


class LotUnknown(UserError):
    what = "库存里没有这一批，没有改动。"
    advice = "请刷新库存列表后再选。"


class BoxesNeeded(UserError):
    """Every pack of the lot has a trace code of its own, so which ones go must be told."""

    what = "这一批每盒都有追溯码，还要知道是哪 {count} 盒，没有记账。"
    advice = "请扫这几盒的追溯码后再记。"


class TraceCodesNeeded(UserError):
    """Source: the notice named by the region's rules (resources/regions)."""

    what = "医保结算要先采集追溯码，还差：{drugs}。没有结算，也没有入账。"
    advice = "请扫药盒上的追溯码；确实没有码的老库存，先在「库存」的无码库里登记。"


class CannotSplit(UserError):
    what = "{name}不能拆零：{why}没有改动。"
    advice = "请整盒销售，或先在目录里补上每盒的数量。"


class PackEmptied(UserError):
    """The opened pack does not hold as many pieces as the line asks for."""

    what = "{name}已拆的这一盒只剩 {left} {unit}，篮里有 {wanted} {unit}。没有结算，也没有入账。"
    advice = "请减到 {left} {unit}，其余另扫一盒再拆。"


class NothingReturned(UserError):
    what = "没有登记退药：{problem}"
    advice = "请核对小票和药盒后再登记；库存没有改动。"
