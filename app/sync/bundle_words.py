"""What became of a bundle, said in one or two sentences to the person who holds the stick."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.calendar import CHINA
from engine.protocol.bundle import Header, Reading

_REFUSED = {
    "foreign": "这个数据包不是给这台柜台的，没有采用。请核对是哪家药店、哪台柜台、哪个经办端的数据包。",
    "bad_signature": "数据包的签名不对，没有采用。请向医保中心重新取一份。",
    "newer_format": "数据包由更新的版本写成，没有采用。请安装新版本的程序后再导入。",
    "not_a_bundle": "这个文件不是山药的数据包，没有采用。请在 U 盘上选扩展名为 .syb 的文件。",
    "cut": "数据包不完整，被截断了，没有可以采用的内容。请重新复制一份再导入。",
    "damaged": "数据包损坏，没有可以采用的内容。请重新复制一份再导入。",
}


def exported(messages: int, questions: int, path: Path) -> str:
    """Say what was written, and that it is not delivered yet."""
    asked = f"，另有 {questions} 项出行包的申请" if questions else ""
    return (
        f"已写入 {messages} 条消息{asked}：{path.name}。"
        "请送到医保中心，并把回执带回来导入；在那之前这些消息仍是「待上传」。"
    )


def refused(reading: Reading, *, peeked: Header | None) -> str:
    """Say why nothing of a bundle was taken."""
    if peeked is not None and peeked.direction == "up" and reading.verdict == "foreign":
        return "这是柜台导出的数据包，要交给医保中心；柜台导入的是医保中心写回的那一份。没有采用。"
    return _REFUSED[reading.verdict]


def imported(reading: Reading, *, answers: int, news: int, trips: int, replayed: bool, older: bool) -> str:
    """Say what was taken of a bundle, and what is missing of it."""
    brought = [
        f"{count} {what}"
        for count, what in ((answers, "条回执"), (news, "项更新"), (trips, "份出行包"))
        if count
    ]
    took = f"收下了 {'、'.join(brought)}。" if brought else "没有新的内容。"
    if reading.missing:
        places = "、".join(str(number + 1) for number in reading.missing[:20])
        kind = "被截断" if reading.verdict == "cut" else "有损坏"
        rest = "其余已采用。" if len(reading.missing) < reading.chunks else "没有可以采用的内容。"
        took = took if brought else ""
        return (
            f"数据包{kind}：共 {reading.chunks} 块，第 {places} 块读不出，{rest}{took}"
            "缺的部分不会丢：请重新复制一份导入，或下次带回。"
        )
    if replayed:
        return f"这份数据包以前导入过，{took}"
    if older:
        return f"这份数据包比已导入的旧，{took}"
    return f"数据包完整，{took}"


def shown(header: Header | None, size: int, *, ours: bool, note: Callable[[str], str]) -> str:
    """Say whose bundle it is, as far as anybody may read that."""
    if header is None:
        return "这个文件不是山药的数据包，或开头和结尾都已损坏。"
    way = "柜台交给医保中心" if header.direction == "up" else "医保中心写回柜台"
    made = header.made_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")
    whose = "" if ours else "（不是本机的）"
    return (
        f"{way}：{note(header.provider)}{whose}，{header.till} 号柜台，第 {header.epoch} 期，"
        f"第 {header.serial} 份，{made} 写成，{size} 字节。内容已加密。"
    )
