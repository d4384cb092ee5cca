import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from app.devices.printer import PdfPrinter, PrinterFull, PrinterUnavailable
from app.documents.pdf import code128_modules, receipt_pdf
from app.errors import PrinterSilent
from engine.receipt import Receipt, Row

RECEIPT = Receipt(
    number="01-000123",
    sold_on=date(2026, 11, 22),
    rows=(
        Row(left="山药演示药店（东白山便民服务点）", weight="title"),
        Row(left="零售单据号", right="01-000123", rule_above=True),
        Row(left="【聊城市基本医疗保险门诊慢特病管理办法（征求意见稿） 第十六条】" * 3, right="55.96"),
        Row(left="个人现金", right="61.64", weight="title", rule_above=True),
    ),
)


def test_the_same_receipt_gives_the_same_bytes() -> None:
    assert receipt_pdf(RECEIPT) == receipt_pdf(RECEIPT)
    assert receipt_pdf(RECEIPT).startswith(b"%PDF-")


def test_more_rows_make_a_longer_paper_of_the_same_width() -> None:
    width, height = _page(receipt_pdf(RECEIPT))
    wide, longer = _page(receipt_pdf(Receipt(number="01-000123", rows=RECEIPT.rows * 2)))

    assert width == wide == pytest.approx(80 * 72 / 25.4, abs=0.4)
    assert longer > height + 50


def test_the_number_is_a_code_128_that_begins_and_ends_as_one() -> None:
    modules = code128_modules("01-000123")

    assert modules.startswith("11010010000") or modules.startswith("11010011100")
    assert modules.endswith("1100011101011")


def test_a_scanner_reads_the_number_from_the_paper_at_203_dpi(tmp_path: Path) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    numpy = pytest.importorskip("numpy")
    pdftoppm = shutil.which("pdftoppm")
    if pdftoppm is None:
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(receipt_pdf(RECEIPT))

    subprocess.run([pdftoppm, "-r", "203", "-gray", str(paper), str(tmp_path / "paper")], check=True)
    image = _grey(next(tmp_path.glob("*.pgm")).read_bytes(), numpy)

    assert [code.text for code in zxingcpp.read_barcodes(image)] == ["01-000123"]


def test_a_scanner_reads_the_journals_head_from_the_paper_at_203_dpi(tmp_path: Path) -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    numpy = pytest.importorskip("numpy")
    pdftoppm = shutil.which("pdftoppm")
    if pdftoppm is None:
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    said = "SHANYAO1;P33068100001;01-000123;2026-11-22 10:00;11760;5596;0;6164;123;0123456789ab"
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(
        receipt_pdf(Receipt(number="01-000123", rows=(*RECEIPT.rows, Row(left=said, weight="code"))))
    )

    subprocess.run([pdftoppm, "-r", "203", "-gray", str(paper), str(tmp_path / "paper")], check=True)
    image = _grey(next(tmp_path.glob("*.pgm")).read_bytes(), numpy)

    assert {code.text for code in zxingcpp.read_barcodes(image)} == {"01-000123", said}


def test_a_receipt_lies_under_its_day_and_a_copy_beside_it(tmp_path: Path) -> None:
    printer = PdfPrinter(tmp_path)

    original, copy = printer.print_receipt(RECEIPT), printer.print_receipt(RECEIPT, 2)

    assert original == tmp_path / "2026" / "11" / "22" / "01-000123.pdf"
    assert copy == original.with_name("01-000123-copy-2.pdf")
    assert original.read_bytes() == receipt_pdf(RECEIPT)
    assert copy.read_bytes() != original.read_bytes()
    assert sorted(file.name for file in original.parent.iterdir()) == [copy.name, original.name]


def test_a_folder_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "2026").write_text("a file stands where the folder should be", encoding="utf-8")

    with pytest.raises(PrinterUnavailable) as trouble:
        PdfPrinter(tmp_path).print_receipt(RECEIPT)

    assert isinstance(trouble.value, PrinterSilent)
    assert "11" in trouble.value.what
    assert [file.name for file in tmp_path.iterdir()] == ["2026"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    folder = tmp_path / "2026" / "11" / "22"
    folder.mkdir(parents=True)
    (folder / ".01-000123.pdf.part").symlink_to("/dev/full")

    with pytest.raises(PrinterFull) as trouble:
        PdfPrinter(tmp_path).print_receipt(RECEIPT)

    assert "磁盘已满" in trouble.value.what
    assert list(folder.iterdir()) == []


def _page(pdf: bytes) -> tuple[float, float]:
    box = pdf.partition(b"/MediaBox [")[2].partition(b"]")[0].split()
    return float(box[2]), float(box[3])


def _grey(pgm: bytes, numpy):
    magic, size, _depth, pixels = pgm.split(b"\n", 3)
    assert magic == b"P5"
    width, height = map(int, size.split())
    return numpy.frombuffer(pixels, dtype="uint8").reshape(height, width)
