"""Chronic drug ranges: every disease has one or says why not, each is cited, and they mean what they say."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.catalogue import Drug, Listing
from engine.codes import atc_of
from engine.demonstration import Demonstration, parse_demonstration
from engine.policy.packs import Library, Pack
from engine.policy.problems import PackError
from engine.ranges import Ranges
from engine.ranges_file import OwnRow, load_ranges, read_own
from tests.fakes.fake_counter import library, texts

DAY = date(2026, 11, 28)
LIBRARY = library()
TEXTS = texts("ranges")
RANGES = load_ranges(TEXTS, LIBRARY)
SHAOXING, WUXI, LIAOCHENG, EZHOU = "330681", "320205", "371502", "420704"


@pytest.fixture(name="demonstration", scope="module")
def _demonstration() -> Demonstration:
    return parse_demonstration(texts("demonstration"), datetime(2026, 11, 28, tzinfo=UTC))


def drug(
    code: str, name: str = "某药片", *, klass: str = "A", diseases: frozenset[str] = frozenset()
) -> Drug:
    row = Listing(begins=date(2025, 1, 1), ends=None, klass=klass, diseases=diseases)  # type: ignore[arg-type]
    return Drug(
        code=code, generic_name=name, form="片剂", spec="", maker="某厂", approval="", listings=(row,)
    )


def diseases(kind: Drug, region: str, insurance: str = "resident") -> frozenset[str]:
    return RANGES.listing_on(kind, DAY, region, insurance).diseases  # type: ignore[arg-type]


def of_pack(pack: Pack) -> frozenset[str]:
    """Return the diseases that a pack pays for; where the agency says which, all that have a name."""
    return pack.diseases if pack.diseases is not None else frozenset(LIBRARY.disease_names)


@pytest.mark.parametrize(
    "pack", [each for each in LIBRARY.packs if each.by_disease], ids=lambda pack: pack.id
)
def test_every_disease_of_every_policy_has_a_range_or_says_why_not(pack: Pack) -> None:
    ranges = {each.disease: each for each in RANGES.of(pack.id)}

    assert ranges.keys() == of_pack(pack)
    for each in ranges.values():
        assert bool(each.classes or each.names) != bool(each.none)


def test_every_range_says_where_it_stands_and_an_unverified_one_what_it_rests_on() -> None:
    for each in RANGES.all:
        pack = LIBRARY.pack(each.policy)
        assert pack is not None
        assert each.clause.document in pack.documents
        assert each.clause.section
        assert each.checked_on <= DAY
        assert each.verified or each.note


def test_a_policy_that_pays_without_regard_to_diseases_has_no_ranges() -> None:
    assert not any(RANGES.of(pack.id) for pack in LIBRARY.packs if not pack.by_disease)
    assert not diseases(drug("XC08CAA000A001010100001"), EZHOU, "employee")


@pytest.mark.parametrize("region, insurance", [(SHAOXING, "resident"), (LIAOCHENG, "employee")])
def test_the_demonstration_s_drugs_fall_under_the_diseases_that_their_listings_name(
    demonstration: Demonstration, region: str, insurance: str
) -> None:
    pack = LIBRARY.in_force(region, insurance, DAY)
    assert pack is not None
    for each in demonstration.drugs:
        stated = {disease for row in each.listings for disease in row.diseases} & of_pack(pack)
        unstated = replace(each, listings=tuple(replace(row, diseases=frozenset()) for row in each.listings))
        assert stated <= diseases(unstated, region, insurance), each.generic_name


def test_a_drug_that_treats_nothing_chronic_is_in_no_range(demonstration: Demonstration) -> None:
    for name in (
        "阿莫西林胶囊",
        "六味地黄丸",
        "马来酸氯苯那敏片",
        "板蓝根颗粒",
        "左甲状腺素钠片",
        "蒙脱石散",
    ):
        found = next(each for each in demonstration.drugs if each.generic_name == name)
        assert not diseases(found, SHAOXING), name


def test_wuxi_pays_for_what_lowers_blood_pressure_or_sugar_itself_and_for_nothing_beside() -> None:
    assert diseases(drug("XC09CAX001A001010100001"), WUXI) == {"hypertension"}
    assert diseases(drug("XA10BKX001A001010100001"), WUXI) == {"diabetes"}
    for beside in ("XC10AAX001A001010100001", "XB01ACX001A001010100001", "XA10XAX001A001010100001"):
        assert not diseases(drug(beside), WUXI)


def test_what_lowers_another_pressure_is_not_in_the_range_of_hypertension() -> None:
    pulmonary = drug("XC02KXX001A001010100001")

    assert not diseases(pulmonary, SHAOXING)
    assert not diseases(pulmonary, WUXI)


def test_a_patent_drug_is_named_by_the_beginning_of_its_name() -> None:
    assert diseases(drug("ZA12GAF0001010100001", "复方丹参滴丸"), SHAOXING) == {"coronary_heart_disease"}
    assert not diseases(drug("ZA12GAF0001010100001", "丹参复方滴丸"), SHAOXING)


def test_a_listing_that_names_diseases_is_taken_at_its_word() -> None:
    own = drug("XC08CAA000A001010100001", diseases=frozenset({"diabetes"}))

    assert diseases(own, SHAOXING) == {"diabetes"}


def test_outside_the_list_and_outside_every_policy_nothing_is_in_range() -> None:
    assert not diseases(drug("XC08CAA000A001010100001", klass="C"), SHAOXING)
    assert not diseases(drug("XC08CAA000A001010100001"), "110101")
    assert not RANGES.listing_on(drug("XC08CAA000A001010100001"), DAY, SHAOXING, None).diseases


@given(
    st.from_regex(r"X[ABCHJLNRV][0-9]{2}[A-Z]{2}Y[0-9]{3}A[0-9]{3}[0-9]{9}", fullmatch=True),
    st.sampled_from(["某药片", "消渴丸", "血脂康胶囊", "百令胶囊", "百令片"]),
)
def test_the_index_finds_what_reading_every_range_would(code: str, name: str) -> None:
    klass = atc_of(code)
    expected = {
        each.disease
        for each in RANGES.of("shaoxing-2023")
        if (any(map(klass.startswith, each.classes)) and not any(map(klass.startswith, each.but_not)))
        or any(map(name.startswith, each.names))
    }

    assert diseases(drug(code, name), SHAOXING) == expected


@pytest.mark.parametrize(
    "file, slip, said",
    [
        ("shaoxing.toml", ('section = "二（四）"\n', ""), "没有注明条款"),
        ("shaoxing.toml", ("checked_on = 2026-11-28\n", ""), "没有注明核对日期"),
        ("shaoxing.toml", ('"shaoxing-2019"', '"shaoxing-2018"'), "不认识 'shaoxing-2018'"),
        ("shaoxing.toml", ('"hypertension"', '"hypertonia"'), "不认识 'hypertonia'"),
        ("shaoxing.toml", ("note = ", "remark = "), "没有核对过的范围要写明依据"),
        ("shaoxing.toml", ('policies = ["shaoxing-2019"', 'policies = ["wuxi-2019"'), "写了两次"),
        ("liaocheng.toml", ("none = ", "why = "), "没有药品的写明原因"),
        ("liaocheng.toml", ('"haemophilia"', '"haemophilia"]\nmore = ["x"'), "不认识的键"),
        ("usual.toml", ('["J04A"', '["J04a"'), "不是 ATC 类别"),
        ("usual.toml", ('disease = "haemophilia"', 'disease = "diabetes"'), "这个病种写了两次"),
        ("usual.toml", ('disease = "haemophilia"', 'disease = "child_rehabilitation"'), "没有通常使用的类别"),
        ("wuxi.toml", ("[[range]]", "[[range]"), "不是正确的 TOML"),
    ],
)
def test_a_slip_in_a_file_is_named(file: str, slip: tuple[str, str], said: str) -> None:
    damaged = TEXTS[file].replace(*slip)
    assert damaged != TEXTS[file]

    with pytest.raises(PackError, match=said):
        load_ranges({**TEXTS, file: damaged}, LIBRARY)


def own(*rows: tuple[str, str]) -> Ranges:
    found = read_own(
        [
            OwnRow(
                policy="shaoxing-2023",
                disease=disease,
                drug=each,
                document="某清单",
                section="附件",
                checked_on=DAY,
            )
            for disease, each in rows
        ],
        LIBRARY,
    )
    return RANGES.with_own(found)


def test_a_region_s_own_list_takes_the_place_of_what_is_usual_for_that_disease_alone() -> None:
    listed = "XC08CAA000A001010100001"
    ranges = own(("高血压", listed), ("hypertension", "C09C"), ("高血压", "珍菊降压"))

    def found(code: str, name: str = "某药片") -> frozenset[str]:
        return ranges.diseases(drug(code, name), DAY, SHAOXING, "resident")

    assert "hypertension" in found(listed)
    assert "hypertension" in found("XC09CAA000A001010100001")
    assert "hypertension" in found("ZA05ACF0001010100001", "珍菊降压片")
    assert "hypertension" not in found("XC08CAA000A001010100002")
    assert "hypertension" not in found("XC07ABA000A001010100001")
    assert found("XA10BAA000A001010100001") == {"diabetes"}
    assert ranges.diseases(drug(listed), DAY, WUXI, "resident") == {"hypertension"}


@pytest.mark.parametrize(
    "row, said",
    [
        (("感冒", "C08"), "第 1 行：不认识病种“感冒”"),
        (("高血压", "  "), "第 1 行：没有写药品"),
    ],
)
def test_a_row_of_an_own_list_that_says_nothing_is_named(row: tuple[str, str], said: str) -> None:
    with pytest.raises(PackError, match=said):
        own(row)


def test_a_list_without_its_document_or_for_no_policy_is_refused() -> None:
    good = OwnRow(
        policy="shaoxing-2023",
        disease="高血压",
        drug="C08",
        document="文件",
        section="附件",
        checked_on=DAY,
    )

    with pytest.raises(PackError, match="没有政策包"):
        read_own([replace(good, policy="hangzhou-2024")], LIBRARY)
    with pytest.raises(PackError, match="没有写文件和条款"):
        read_own([replace(good, document="")], LIBRARY)


def test_the_library_knows_every_policy_that_a_range_names() -> None:
    assert isinstance(LIBRARY, Library)
    assert {each.policy for each in RANGES.all} == {pack.id for pack in LIBRARY.packs if pack.by_disease}
