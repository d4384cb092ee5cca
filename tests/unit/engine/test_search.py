"""A pharmacist finds a drug by whatever she types of it, the likeliest first."""

from __future__ import annotations

import pytest

from engine.search.rank import Shelf, find
from engine.search.segment import Row
from engine.search.text import code_word, fold, query_words
from tests.fakes.plain_search import built_of, segment_of


def row(number: int, name: str, **changes: object) -> Row:
    fields: dict[str, object] = {
        "codes": (
            f"XC08CAA{number:03d}A001010100483",
            f"国药准字H2006{number:04d}",
            f"69012345{number:05d}",
            f"8690048300{number:04d}",
        ),
        "name": name,
        "trade_name": "",
        "maker": "扬子江药业集团有限公司",
        "form": "片剂",
        "spec": "5mg×28片",
    }
    return Row(**{**fields, **changes})


ROWS = [
    row(1, "苯磺酸氨氯地平片", trade_name="络活喜", maker="辉瑞制药有限公司"),
    row(2, "苯磺酸氨氯地平片", spec="5mg×7片"),
    row(3, "氨氯地平贝那普利片"),
    row(4, "马来酸氨氯地平分散片", spec="2.5mg×14片"),
    row(5, "硝苯地平控释片", trade_name="拜新同", maker="拜耳医药保健有限公司", spec="30mg×7片"),
    row(6, "白术片"),
    row(7, "安宫牛黄丸", form="丸剂", spec="3g×1丸"),
    row(8, "维生素B1片", spec="10mg×100片"),
    row(9, "地平片"),
    row(10, "阿莫西林胶囊", form="胶囊剂", spec="0.25g×24粒"),
]
BUILT = built_of(ROWS)
NUMBER = [index + 1 for index in BUILT.order]  # Codes ascend with the numbers.
SEGMENT = segment_of(BUILT)


def found(
    text: str, *, sold: dict[int, int] | None = None, asked: tuple[int, ...] = (), limit: int = 12
) -> list[int]:
    """Return the numbers of the drugs found."""
    shelf = Shelf(SEGMENT, {NUMBER.index(number): times for number, times in (sold or {}).items()})
    places = [NUMBER.index(number) for number in asked]
    return [NUMBER[hit.place] for hit in find(shelf, query_words(text), limit, places)]


@pytest.mark.parametrize(
    "text", ["苯磺酸氨氯", "bhsaldp", "benhuangsuanan", "ben huang suan an", "ＢＨＳＡＬ", "络活", "lhx"]
)
def test_a_drug_is_found_by_name_initials_pinyin_and_trade_name(text: str) -> None:
    assert found(text)[0] == 1


def test_the_ingredient_alone_is_as_good_as_the_whole_name() -> None:
    assert found("氨氯地平") == [1, 2, 4, 3]  # Whole for three, without salt and form; the shorter first.
    assert found("anlvdiping") == [1, 2, 4, 3]


def test_what_a_name_begins_with_comes_before_what_is_in_it() -> None:
    assert found("dp") == [9, 5, 1, 2, 3, 4]
    assert found("地平")[0] == 9


def test_pinyin_begins_with_a_syllable() -> None:
    assert found("an") == [7, 1, 2, 3, 4]  # Not 片, whose pinyin has it inside.
    assert found("ian") == []


def test_duoyinzi_are_found_as_they_are_read() -> None:
    assert found("baizhu") == found("bz") == [6]


@pytest.mark.parametrize(
    "text", ["氨氯地平 辉瑞", "辉瑞 氨氯地平", "aldp hr", "aldp 辉瑞 28", "bhs 片剂 辉瑞"]
)
def test_each_word_may_be_in_another_field(text: str) -> None:
    assert found(text) == [1]


def test_words_that_no_drug_has_together_find_nothing() -> None:
    assert found("拜新同 辉瑞") == []


def test_a_maker_or_a_pack_alone_is_found_too() -> None:
    assert found("拜耳") == [5]
    assert found("100片") == [8]
    assert found("2.5mg*14") == [4]


def test_syllables_typed_apart_are_one_name_and_not_words_here_and_there() -> None:
    assert found("an lv di p") == [1, 2, 3, 4]
    assert found("pian an") == []


@pytest.mark.parametrize(
    "text",
    [
        "XC08CAA005A001010100483",
        "xc08caa005",
        "aa005a0",
        "国药准字H20060005",
        "h20060005",
        "060005",
        "6901234500005",
        "690123450000 5",
        "86900483000005",
        "3000005",
    ],
)
def test_a_code_is_found_whole_by_its_beginning_and_by_four_characters_of_it(text: str) -> None:
    assert found(text)[0] == 5


def test_a_code_that_is_whole_comes_before_one_that_begins_so() -> None:
    rows = [row(1, "甲片", codes=("XC1", "", "69012")), row(2, "乙乙乙片", codes=("XC2", "", "6901"))]
    built = built_of(rows)
    hits = find(Shelf(segment_of(built), {}), query_words("6901"), 5)

    assert [built.order[hit.place] for hit in hits] == [1, 0]


def test_less_than_four_characters_are_no_code() -> None:
    assert found("690") == []
    assert code_word("690") == code_word("abcd") == code_word("国药准字h20") == ""
    assert code_word("国药准字h2006") == "h2006"


def test_what_the_shop_sells_most_comes_first_among_equals() -> None:
    assert found("氨氯地平", sold={4: 9, 3: 500}) == [4, 1, 2, 3]  # A nearer match still goes before.
    assert found("x", sold={5: 1})[0] == 5


def test_what_the_prescription_asks_for_comes_before_all_else() -> None:
    assert found("p", asked=(3,), sold={9: 99})[0] == 3
    assert found("片", asked=(8, 5), sold={8: 1})[:2] == [8, 5]
    assert 10 not in found("氨氯地平", asked=(10,))  # Only what matches.


def test_no_more_than_asked_for_are_returned() -> None:
    assert len(found("片", limit=3)) == len(found("片剂", limit=3)) == len(found("p 5", limit=3)) == 3


@pytest.mark.parametrize("text", ["", "  ", "\t", "　"])
def test_nothing_typed_finds_nothing(text: str) -> None:
    assert found(text) == []


def test_full_width_case_spaces_and_times_signs_do_not_matter() -> None:
    assert fold("５ｍｇ × 28 片") == fold("5MG*28片") == "5mg*28片"
    assert found("维生素ｂ１") == found("WSSB1") == [8]


def test_syllables_as_an_input_method_parts_them_are_one_name() -> None:
    assert found("an'lv'di'ping") == found("an’lv’di’ping") == found("anlvdiping") != []


def test_no_drugs_at_all_find_nothing() -> None:
    segment = segment_of(built_of([]))

    assert len(segment) == 0
    assert find(Shelf(segment, {}), query_words("a 6901234"), 5) == []
