from datetime import date

from engine.catalogue import NOT_LISTED, Drug, Listing, listing_on


def drug(*listings: Listing) -> Drug:
    return Drug(
        code="X",
        generic_name="药",
        form="片剂",
        spec="1mg",
        maker="厂",
        approval="号",
        price=1,
        listings=listings,
    )


def row(begins: date, ends: date | None = None, region: str = "", ratio: int = 0) -> Listing:
    return Listing(begins=begins, ends=ends, klass="B", region=region, first_self_pay_bp=ratio)


def test_a_row_holds_from_its_first_day_through_its_last() -> None:
    listed = row(date(2025, 1, 1), date(2025, 12, 31))
    sold = drug(listed)

    assert listing_on(sold, date(2024, 12, 31), "330681") is NOT_LISTED
    assert listing_on(sold, date(2025, 1, 1), "330681") is listed
    assert listing_on(sold, date(2025, 12, 31), "330681") is listed
    assert listing_on(sold, date(2026, 1, 1), "330681") is NOT_LISTED


def test_a_city_s_row_goes_before_the_province_s_before_the_nation_s() -> None:
    nation, province, city = (row(date(2025, 1, 1), region=region) for region in ("", "33", "3306"))
    sold = drug(city, nation, province)

    assert listing_on(sold, date(2026, 1, 1), "330681") is city
    assert listing_on(sold, date(2026, 1, 1), "330106") is province
    assert listing_on(sold, date(2026, 1, 1), "371502") is nation


def test_of_two_rows_for_one_region_the_newer_counts() -> None:
    older, newer = row(date(2024, 1, 1), ratio=1_000), row(date(2026, 1, 1), ratio=500)

    assert listing_on(drug(newer, older), date(2025, 6, 1), "330681") is older
    assert listing_on(drug(newer, older), date(2026, 6, 1), "330681") is newer


def test_a_drug_without_a_row_is_outside_the_catalogue() -> None:
    assert listing_on(drug(), date(2026, 1, 1), "330681").klass == "C"
