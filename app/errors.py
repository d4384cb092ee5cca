"""What the person at the counter may be told. An exception of any other type is a bug, and says so."""

from __future__ import annotations


class UserError(Exception):
    """A problem that the person at the counter can act on; the log keeps ``__cause__``.

    Every subclass says in Chinese what happened (``what``, with whether a sale was recorded where one was at
    stake) and what to do (``advice``); both may carry ``{fields}`` filled from the arguments.
    """

    what = ""
    advice = ""

    def __init__(self, **fields: object) -> None:
        self.what = type(self).what.format(**fields)
        self.advice = type(self).advice.format(**fields)
        super().__init__(f"{self.what} {self.advice}")


class StorageTrouble(UserError):
    """The disk or the database would not do what was asked; see the kinds below."""


class DiskFull(StorageTrouble):
    what = "磁盘已满，无法写入。这一笔没有入账。"
    advice = "请清理出空间（至少 100 MB）后再操作一次。"


class DiskTrouble(StorageTrouble):
    """An I/O error: after a failed flush nobody can say whether the last write will be there again."""

    what = "磁盘读写出错。这一笔没有确认入账。"
    advice = "请检查磁盘后重新打开柜台，在「销售」中核对最后一笔，确认没有再重做。"


class DatabaseDamaged(StorageTrouble):
    what = "数据库已损坏，或密钥不是它的那一把。没有新的销售入账，文件保持原样。"
    advice = "请先不要改动数据文件夹，复制一份保存，再从备份恢复数据库和密钥文件。"


class DatabaseReadOnly(StorageTrouble):
    what = "数据库不能写入。这一笔没有入账。"
    advice = "请确认数据文件夹不是只读，并且当前用户有写入权限。"


class DatabaseBusy(StorageTrouble):
    what = "数据库正被另一个程序占用。这一笔没有入账。"
    advice = "请稍等几秒再操作一次；如果一直这样，请关闭占用它的程序。"


class DatabaseCannotOpen(StorageTrouble):
    what = "打不开数据文件 {path}。没有销售入账。"
    advice = "请确认文件夹存在，并且当前用户可以读写。"


class DatabaseTooNew(StorageTrouble):
    what = "数据库由更新的版本写成（第 {found} 版，本程序只认到第 {known} 版）。数据保持原样，没有改动。"
    advice = "请安装新版本的程序后再打开。"


class CounterAlreadyOpen(StorageTrouble):
    what = "同一个数据库上已经开着一个柜台。这里没有打开，也没有销售入账。"
    advice = "请用已经打开的窗口；如果没有看到它，请在系统里结束它后再打开。"


class KeyMissing(StorageTrouble):
    what = "找不到数据库的密钥文件 {path}。数据库保持原样，没有销售入账。"
    advice = "请从备份把密钥文件放回原处再打开。不要删除数据库：没有密钥，里面的账就读不出来。"


class DatabaseGone(StorageTrouble):
    """The key was used, and its database is missing or empty: beginning anew would number sales again."""

    what = "数据库 {path} 不见了，或者是空的，而它的密钥还在。没有新的销售入账，文件保持原样。"
    advice = "请从备份恢复这个文件；确实要从头记账，请先把整个数据文件夹移到别处保存。"


class KeyUnreadable(StorageTrouble):
    what = "密钥文件 {path} 读不出来，或内容不完整。数据库保持原样，没有销售入账。"
    advice = "请从备份恢复密钥文件，并确认当前用户可以读取。"


class NothingToSettle(UserError):
    what = "购物篮是空的，没有结算，也没有入账。"
    advice = "请先扫描药盒。"


class CashTooLittle(UserError):
    what = "收到 {tendered} 元，应收 {patient} 元，还差 {short} 元。没有结算，也没有入账。"
    advice = "请补收后重新输入金额。"


class DayChanged(UserError):
    """Midnight fell between computing the share and recording it; the law goes by the day."""

    what = "日期刚刚变了，金额要按新的一天重算。没有结算，也没有入账。"
    advice = "请核对金额后再按 F12。"


class CashUnclear(UserError):
    """What was typed for cash is no amount of yuan."""

    what = "看不懂金额「{text}」，没有收款，也没有结算。"
    advice = "请输入元，例如 50 或 35.60。"


class PrescriptionNeeded(UserError):
    what = "{drugs} 是处方药，还没有处方。没有结算，也没有入账。"
    advice = "请扫描或录入处方（Ctrl 2）；没有处方请把这一行撤下。"


class PrescriptionUnfit(UserError):
    """The prescription does not carry what is in the basket (药品管理法 第五十八条)."""

    what = "处方药不能照这张处方卖：{problem}没有结算，也没有入账。"
    advice = "请照上面处理后再按 F12；处方用不了的，请把处方药撤下。"


class NotSigned(UserError):
    """Prescription drugs are settled after a pharmacist's review, never before (四查十对)."""

    what = "{why}，没有结算，也没有入账。"
    advice = "请核对左边的审方提示，按 Ctrl S 签字，再按 F12。"


class NothingToSign(UserError):
    what = "没有要审方签字的药，没有签字。"
    advice = "请先扫处方和处方药，再按 Ctrl S。"


class NoPharmacist(UserError):
    """Who reviews is a setting of the shop: a name and the licence that it stands under."""

    what = "本机没有登记审方药师，没有签字，也没有改动。"
    advice = "请把 SHANYAO_PHARMACIST 设成药师姓名、SHANYAO_LICENCE 设成执业药师注册证号，再打开柜台。"


class CannotBeSigned(UserError):
    """Something on the desk that no pharmacist may pass."""

    what = "这张处方不能签字放行：{problem}没有签字。"
    advice = "请照上面处理；处理不了的，按 Ctrl R 拒绝调配，或把药撤下。"


class ReasonMissing(UserError):
    what = "还缺放行的理由：{problem}没有签字，也没有记入流水。"
    advice = "请逐条选择或写明理由，再签字。"


class NothingToRefuse(UserError):
    what = "桌上没有处方，没有拒绝，也没有记入流水。"
    advice = "请先扫处方或录入处方。"


class NotForSale(UserError):
    """Something in the basket may not be sold; ``problem`` says what and why, in whole sentences."""

    what = "购物篮里有不能卖的药：{problem}没有结算，也没有入账。"
    advice = "请照上面处理，或把这种药撤下后再按 F12。"


class ReceiptNotPrinted(UserError):
    """A copy could not be noted on disk; the sale was recorded long before."""

    what = "第 {number} 号销售已入账，小票没有打出：磁盘写不进去。"
    advice = "请清理磁盘空间、检查读写权限，再按 Ctrl P 重打；不要重做这一笔。"


class TraceCodeSold(UserError):
    what = "追溯码 {code} 已在本店第 {number} 号销售中卖出。没有结算，也没有入账。"
    advice = "请核对药盒，换一盒再扫；如果是退回的药，请先交药师处理。"


class SaleUnknown(UserError):
    what = "没有第 {number} 号销售。"
    advice = "请核对号码，或在「销售」中按日期查找。"


class NoSaleYet(UserError):
    what = "还没有可以重打的小票。"
    advice = "完成一笔销售后，再按 Ctrl P。"


class PrescriptionUnknown(UserError):
    what = "这张处方已不在列表里，没有改动。"
    advice = "请刷新「处方」后再选。"


class NothingToReport(UserError):
    """No clause asks for a report of what was found of a prescription."""

    what = "处方 {number} 没有按规定要上报的问题，没有上报。"
    advice = "如有别的问题，请告诉开方医师；不用这张处方的，按 Ctrl 5 撤下即可。"


class AlreadyReported(UserError):
    what = "处方 {number} 已经上报过（第 {id} 号），没有重复上报。"
    advice = "需要反馈单的，请在「处方」里打印。"


class FormIncomplete(UserError):
    what = "处方还不能录入：{problem}"
    advice = "改好后再确认；这张处方还没有用上。"


class LineUnknown(UserError):
    what = "购物篮里已经没有这一行。没有改动。"
    advice = "请在列表里重新选择。"


class NoStore(UserError):
    what = "还没有本店的资料，柜台不能开始销售。没有销售入账。"
    advice = "请连接医保中心同步一次，再打开柜台；演示请加 --demonstration。"


class StoreUnknown(UserError):
    what = "没有门店 {provider} 的资料。没有改动。"
    advice = "请连接医保中心同步后再试。"


class SettingWrong(UserError):
    what = "设置「{name}」写的是 {value}，不能用。程序没有打开，也没有销售入账。"
    advice = "{how}"


class AgencyDidNotStart(UserError):
    what = "演示用的医保中心没有启动：{why}。没有销售入账。"
    advice = "请再打开一次；如果仍不行，先不用 --demonstration 打开，销售会先暂存。"


class PrinterSilent(UserError):
    """Raised by a printer; the sale it concerns is recorded already."""

    what = "打印机没有回应。"
    advice = "请检查电源和纸张后按 Ctrl P 重打。"


class NoBooks(UserError):
    """A command about the journal found no database."""

    what = "这里还没有账：{path}。"
    advice = "请用 --data 指明数据文件夹；演示的账请加 --demonstration。"


class LeaseRanOut(UserError):
    """The lease that the share on the screen stood under ended between the last scan and F12."""

    what = "额度凭据刚刚到期，没有结算，也没有入账。"
    advice = "请再核对右边的金额，然后按 F12。"


class AgencyNotReached(UserError):
    """A question that a person waits for found nobody."""

    what = "没有得到医保中心的答复：{trouble}"
    advice = "请检查网络后再试；已经收到的都保留着，会从断开的地方接着来。"


class AgencyRefused(UserError):
    """The agency answered a question of a person with no."""

    what = "医保中心没有办理：{why}"
    advice = "请按医保中心说明的原因处理后再试。"


class TaskUnknown(UserError):
    what = "没有这件待办，没有改动。"
    advice = "请刷新待办列表后再选。"


class TripUnclear(UserError):
    what = "行程还不能准备：{problem}"
    advice = "请改好名单和日期后再试；没有改动。"


class TripNotYet(TripUnclear):
    """List and day are right; something else comes first."""

    what = "行程还不能准备：{problem}"
    advice = "{how}"


class DayNotClosed(UserError):
    what = "{day} 没有关账：{reason}"
    advice = "请先处理列出的原因，再关账；销售和小票都没有改动。"


class BackupFailed(StorageTrouble):
    what = "备份没有完成：文件夹 {path} 不能写入，或空间不足。销售不受影响。"
    advice = "请检查这个文件夹和磁盘空间后再备份一次。"


class BackupWithoutRoom(StorageTrouble):
    what = "备份没有完成：文件夹 {path} 所在的磁盘要有 {need} MB 空闲，现在不够。销售不受影响。"
    advice = "请清理出空间，或把 SHANYAO_BACKUP 设到更大的磁盘，再备份一次。"


class BackupGivenUp(StorageTrouble):
    what = "备份没有做完就停下了：柜台要关闭。销售不受影响，文件夹 {path} 里没有留下半份。"
    advice = "下次打开柜台后会自动再备份。"


class BackupUnusable(StorageTrouble):
    what = "备份 {path} 不能用：{why}。现在的账没有改动。"
    advice = "请换一份备份；密钥文件 counter.key 要和备份是同一套。"


class NoBackup(UserError):
    what = "没有找到备份 {path}。现在的账没有改动。"
    advice = "请用 shanyao backup list 查看已有的备份，再写出它的路径。"


class BundleNotReady(UserError):
    what = "U 盘数据包没有写成：{why}"
    advice = "请处理后再导出一次；等待发送的消息都还在，没有改动。"


class BundleUnreadable(UserError):
    what = "数据包 {path} 读不出来。本机的账没有改动。"
    advice = "请检查 U 盘和文件后再导入；原来的 U 盘可以反复导入。"


class EnrolmentRefused(UserError):
    what = "这台柜台没有登记成功：{why}"
    advice = "请核对登记码，或向医保中心申请新的登记码后再登记；销售不受影响。"


class ExportUnreadable(UserError):
    what = "流水文件 {path} 不能用：{why}。账没有改动。"
    advice = "请核对路径和空间，或请对方重新导出一份。"
