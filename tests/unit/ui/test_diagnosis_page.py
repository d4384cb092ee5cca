from engine.prescription import Diagnosis
from ui.counter.diagnosis_page import being_typed, hits_page, with_picked
from ui.items import words_of

HYPERTENSION = Diagnosis("I10.x00x002", "高血压")


def test_what_is_typed_after_a_semicolon_is_the_next_diagnosis() -> None:
    assert being_typed("gxy") == "gxy"
    assert being_typed("高血压；2x") == being_typed("高血压; 2x") == "2x"
    assert being_typed("高血压；") == ""


def test_a_pick_takes_the_place_of_what_was_typed_for_it_alone() -> None:
    assert with_picked("gxy", HYPERTENSION) == "高血压；"
    assert with_picked("2型糖尿病；gx", HYPERTENSION) == "2型糖尿病；高血压；"
    assert with_picked("头晕待查;", HYPERTENSION) == "头晕待查；高血压；"


def test_each_hit_shows_its_code_and_one_is_chosen() -> None:
    page = hits_page((HYPERTENSION, Diagnosis("I15.900", "继发性高血压")), 1)

    assert "I10.x00x002" in words_of(page)
    assert [tile.selected for item in page for tile in item.tiles] == [False, True]  # type: ignore[union-attr]
