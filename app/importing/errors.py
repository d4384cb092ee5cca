"""What a person may be told of an import, as ``app.errors`` has it for the counter."""

from __future__ import annotations

from app.errors import UserError


class ImportRefused(UserError):
    """A file that cannot be imported at all; whatever was in the catalogue before is there still."""


class FileUnreadable(ImportRefused):
    what = "文件「{name}」读不出来：{why}目录没有改动。"
    advice = "请用能打开它的程序检查后重新另存，再导入一次。"


class KindUnknown(ImportRefused):
    what = "认不出文件「{name}」是哪一种目录：{why}目录没有改动。"
    advice = "请核对表头；确定是哪一种的，命令行用 --kind 指明，窗口里在「按哪一种」中选。"


class ColumnMissing(ImportRefused):
    what = "文件「{name}」缺少必需的列：{columns}。目录没有改动。"
    advice = "请在文件里补上这些列（列名照上面写，次序不限），再导入一次。"


class MappingUnclear(ImportRefused):
    what = "列的对照用不了：{why}目录没有改动。"
    advice = "请重新指定哪一列是什么，再导入一次。"


class ImportNeedsAnswer(ImportRefused):
    """The file can be imported once a person has said something about it."""

    what = "{question}目录没有改动。"
    advice = "{answers}"


class ImportDiskFull(ImportRefused):
    what = "磁盘已满，导入没有完成，目录和导入前一样。"
    advice = "请清理出空间（至少 1 GB）后再导入一次；柜台的销售也要空间，请先清理。"


class ImportCancelled(UserError):
    what = "导入已停下，目录和导入前一样。"
    advice = "需要时再导入一次。"


class FetchStopped(UserError):
    what = "目录的更新停下了。已经取到的都在目录里，可以照常用。"
    advice = "需要时再取一次，从停下的地方接着取；一再自己停下的，请检查磁盘空间。"


class ImportRunning(UserError):
    what = "已有一个导入在进行，这个文件还没有导入。"
    advice = "请等它做完，或先停下它。"


class ImporterDied(UserError):
    what = "导入的程序中途停了，目录和导入前一样。"
    advice = "请检查磁盘空间后再导入一次；仍不行请把文件交给维护人员。"


class ReportNotWritten(UserError):
    what = "报告没有写成：{path} 不能写入。目录已经导入，没有受影响。"
    advice = "请换一个文件夹，用 shanyao catalogue report 再写一次。"


class NothingToAnswer(UserError):
    what = "没有等着回答的问题，没有导入，也没有改动。"
    advice = "请重新选一个文件导入。"
