"""The words of the bar and the foot: online or how long offline, what waits, the chain, the policy. No Qt."""

from __future__ import annotations

from app.usecases.state import WorldState
from ui.items import Chip
from ui.words import clock, duration, joined


def world_chips(world: WorldState | None) -> tuple[Chip, ...]:
    """Return the chips of the bar."""
    if world is None:
        return (Chip("正在打开", "sub"),)
    chips = [_line(world), Chip(f"待上传 {world.waiting}", "sea" if world.waiting else "sub")]
    if world.rejected:
        chips.append(Chip(f"被退回 {world.rejected}", "red"))
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
    """Return chain and policy, in small."""
    if world is None:
        return "正在打开账本"
    chain = f"账链 #{world.journal_length:,} " + (
        "已核" if world.journal_sound else "不符，请停用本机并联系维护"
    )
    return joined(chain, f"政策 {world.policy}" if world.policy else "本单无适用政策")
