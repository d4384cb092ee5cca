"""The words of the bar and the foot: online or how long offline, what waits, the chain, the policy. No Qt."""

from __future__ import annotations

from app.usecases.state import WorldState
from ui.items import Chip, Page, Panel
from ui.words import clock, duration, joined, near


def world_chips(world: WorldState | None) -> tuple[Chip, ...]:
    """Return the chips of the bar: the line, what waits, and only what asks for a person."""
    if world is None:
        return (Chip("正在打开", "sub"),)
    chips = [_line(world), Chip(f"待上传 {world.waiting}", "sea" if world.waiting else "sub")]
    if world.unknown:
        chips.append(Chip(f"! 去向不明 {world.unknown}", "ochre"))
    if world.rejected:
        chips.append(Chip(f"✕ 被退回 {world.rejected}", "red"))
    if world.tasks:
        chips.append(Chip(f"! 待办 {world.tasks}", "ochre"))
    if world.till_trouble:
        chips.append(Chip("✕ 额度停用", "red"))
    return tuple(chips)


def _line(world: WorldState) -> Chip:
    if world.online is None:
        return Chip("正在连接", "sub")
    if world.online:
        return Chip("在线", "mount")
    if world.offline_since is None:
        return Chip("离线", "ochre")
    return Chip(f"离线 {duration(world.now - world.offline_since)}", "ochre")


def duty(operator: str, world: WorldState | None) -> str:
    """Return who is on duty, and the time."""
    return joined(operator, clock(world.now) if world else "")


def foot(world: WorldState | None) -> str:
    """Return chain, leases, last backup and policy, in small."""
    if world is None:
        return "正在打开账本"
    chain = f"账链 #{world.journal_length:,} " + (
        "已核" if world.journal_sound else "不符，请停用本机并联系维护"
    )
    return joined(
        chain,
        f"额度 {world.leases} 份" if world.leases else "",
        f"上次备份 {near(world.backed_up_at, world.now)}" if world.backed_up_at else "还没有备份",
        f"政策 {world.policy}" if world.policy else "本单无适用政策",
    )


def trouble_page(world: WorldState | None) -> Page:
    """Return why this till gets no leases, and what to do; nothing while all is well."""
    if world is None or not world.till_trouble:
        return ()
    why, stop, _advice = world.till_trouble.partition(
        "。"
    )  # What to do is said below, in this window's keys.
    return (Panel(mark="refused", title=why + stop, text=_WITHOUT_LEASES),)


_WITHOUT_LEASES = (
    "照常可以销售，每一笔都会入账；金额为暂定，超过限度的先按全价收。"
    "恢复额度：向医保中心要一次性登记码，按 F8，再按 Ctrl 5「登记本机」。"
)
