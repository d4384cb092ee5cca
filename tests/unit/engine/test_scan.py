import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ids import gs1_check, is_ean13, is_resident_id, resident_check
from engine.scan import LONGEST, ScanProfile, classify, cleaned, trace_barcode

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "test-vectors"
VOUCHER = "4249900000000000000100330000"
KINDS_OF_VECTORS = {
    "trace code (20 digits)": "trace_code",
    "EAN-13": "barcode",
    "14-digit drug standard code (本位码)": "drug_code",
    "shop's own code": "words",
    "medical insurance e-voucher QR (28 digits)": "voucher",
    "open-platform QR (opc + 25)": "unknown",
}


@pytest.mark.parametrize(
    "text, kind, value",
    [
        (VOUCHER, "voucher", VOUCHER),
        ("Y33068101", "card", "Y33068101"),
        ("y33068101", "card", "Y33068101"),
        ("330681195604129981", "resident_id", "330681195604129981"),
        ("37150219740216999x", "resident_id", "37150219740216999X"),
        ("6999900000019", "barcode", "6999900000019"),
        ("4006381333931", "barcode", "4006381333931"),
        ("06999900000019", "barcode", "6999900000019"),
        ("89900011795329120001", "trace_code", "89900011795329120001"),
        ("330681Y00000000000000000001", "prescription", "330681Y00000000000000000001"),
        ("XC08CAY001A001010900002", "drug_code", "XC08CAY001A001010900002"),
        ("ZA17AAY0663010100900", "drug_code", "ZA17AAY0663010100900"),
        ("T000100012", "drug_code", "T000100012"),
        ("86905629000656", "drug_code", "86905629000656"),
        ("售价", "price", ""),
        ("售价 12.60", "price", "12.60"),
        ("售价：１２．６０", "price", "12.60"),
        ("售价 6999900000019", "words", "售价 6999900000019"),  # A box that was scanned into it is no price.
        ("氨氯地平", "words", "氨氯地平"),
        ("alpp", "words", "alpp"),
        ("amlodipin", "words", "amlodipin"),
        ("氨氯\t 5mg", "words", "氨氯 5mg"),
        ("1204", "words", "1204"),
        ("A11000420502", "words", "A11000420502"),
        ("6 999900 000019", "barcode", "6999900000019"),
        ("8990 0011\t7953 2912 0001", "trace_code", "89900011795329120001"),
        ("371502 19740216 999x", "resident_id", "37150219740216999X"),
        ("ＸＣ０８ＣＡＹ００１Ａ　００１０１０９００００２", "drug_code", "XC08CAY001A001010900002"),
        ("国药准字 H2006 0123", "words", "国药准字 H2006 0123"),
        ("an 5 10", "words", "an 5 10"),
    ],
)
def test_what_is_scanned_is_told_apart(text: str, kind: str, value: str) -> None:
    scan = classify(text)

    assert (scan.kind, scan.value, scan.why) == (kind, value, "")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "没有读到"),
        ("opc9900000000000000100330000", "医保电子凭证"),
        ("9999900000000000000100330000", "医保电子凭证"),
        ("6999900000018", "校验位"),
        ("330681195604129982", "身份证号"),
        ("330681195613319981", "身份证号"),
        ("86905629000657", "本位码"),
        ("19900011795329120001", "追溯码"),
        ("330681560412998", "18 位"),
        ("1234567890123456", "认不出"),
        ("https://example.invalid/69999", "网址"),
        ("(01)06999900000018(21)AB1", "校验"),
        ("(01)06999900000019(17)271231", "序列号"),
        ("x" * (LONGEST + 1), "太长"),
        ("————", "认不出"),
    ],
)
def test_what_cannot_be_told_is_said_with_its_reason(text: str, reason: str) -> None:
    scan = classify(text)

    assert scan.kind == "unknown"
    assert reason in scan.why
    assert scan.why.endswith("。")


@pytest.mark.parametrize(
    "noisy",
    [
        "6999900000019\r\n",
        "\t6999900000019 ",
        "]E06999900000019",
        "６９９９９００００００１９",
        "\ufeff6999900000019",
        "\u30006999900000019\n",
    ],
)
def test_a_scanner_s_noise_is_stripped(noisy: str) -> None:
    assert classify(noisy).value == "6999900000019"


@pytest.mark.parametrize(
    "text",
    [
        "(01)06999900000019(21)ABC123",
        "010699990000001921ABC123",
        "]C1010699990000001921ABC123\x1d17271231",
        "]d2010699990000001917271231" + "21ABC123",
        "(01)06999900000019(17)271231(21)ABC123",
    ],
)
def test_every_form_of_a_gs1_trace_code_is_the_same_box(text: str) -> None:
    scan = classify(text)

    assert (scan.kind, scan.value) == ("trace_code", "(01)06999900000019(21)ABC123")
    assert trace_barcode(scan.value) == "6999900000019"


def test_a_27_character_code_is_a_trace_code_only_where_its_gtin_checks() -> None:
    assert classify("010699990000001921" + "123456789").kind == "trace_code"
    assert classify("010699990000001821" + "123456789").kind == "prescription"


def test_a_region_s_profile_changes_what_counts() -> None:
    profile = ScanProfile(voucher_prefix="777", trace_lengths=frozenset({24}), gs1_traces=False)

    assert classify("777" + VOUCHER[3:], profile).kind == "voucher"
    assert classify(VOUCHER, profile).kind == "unknown"
    assert classify("8" * 24, profile).kind == "trace_code"
    assert classify("(01)06999900000019(21)ABC123", profile).kind == "words"


@given(st.text() | st.text(alphabet="0123456789Xx()opc]C\x1d８", max_size=40))
def test_no_text_ever_raises_and_unknown_always_says_why(text: str) -> None:
    scan = classify(text)

    assert (scan.kind == "unknown") == bool(scan.why)
    assert cleaned(cleaned(text)) == cleaned(cleaned(cleaned(text)))


@given(
    region=st.integers(110000, 659999),
    birth=st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    serial=st.integers(0, 999),
)
def test_every_valid_resident_id_is_recognised_and_one_wrong_digit_is_not(
    region: int, birth: date, serial: int
) -> None:
    body = f"{region}{birth:%Y%m%d}{serial:03d}"
    number = body + resident_check(body)
    altered = body[:-1] + str((int(body[-1]) + 1) % 10) + number[-1]

    assert is_resident_id(number)
    assert classify(number.lower()).kind == "resident_id"
    assert classify(altered).kind == "unknown"


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_every_valid_ean_is_recognised_and_every_other_check_digit_refused(body: str) -> None:
    body = body.translate({ord(char): str(int(char)) for char in body})
    check = int(gs1_check(body))

    assert is_ean13(f"{body}{check}")
    assert classify(f"{body}{check}").kind == "barcode"
    assert classify(f"{body}{(check + 1) % 10}").kind == "unknown"


def test_what_scanners_really_read_in_shops() -> None:
    file = VECTORS / "scanner_input_mix.csv"
    if not file.exists():
        pytest.skip("the shared test vectors are not here")
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))

    assert rows
    assert [classify(row["value"]).kind for row in rows] == [KINDS_OF_VECTORS[row["kind"]] for row in rows]


def test_published_resident_ids_are_judged_as_published() -> None:
    file = VECTORS / "resident_id.csv"
    if not file.exists():
        pytest.skip("the shared test vectors are not here")
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))

    assert rows
    assert [is_resident_id(row["value"]) for row in rows] == [row["expect_valid"] == "1" for row in rows]
