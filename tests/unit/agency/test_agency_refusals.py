"""A refused prescription is told to the agency and to the institution that issued it, once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agency.storage import findings, registry, rx_results
from agency.storage.connection import transaction
from engine.policy.answer import Clause
from engine.policy.claim import Provider
from engine.prescription import Prescription
from engine.protocol.eprescription_review import refusal_input, refused_input, review_input
from engine.protocol.news import news_input, read_news
from engine.refusal import RefusalReport, Reported
from engine.sale import Store
from engine.signoff import Override, SignOff
from tests.fakes.agency_line import EZHOU, LIAOCHENG, NOW, Bureau, store
from tests.fakes.prescriptions import LI, ONCE, downloaded, open_town, raw, sale_of


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path, provider=LIAOCHENG)
    open_town(made)
    yield made
    made.close()


def test_a_review_is_kept_with_its_prescription(bureau: Bureau) -> None:
    sale = sale_of(downloaded(bureau))

    assert bureau.call("7204", review_input(sale)).refused == ""
    assert bureau.call("7204", review_input(sale).replace("371502Y", "371502Z")).refused != ""

    (kept,) = rx_results.reviews(bureau.db, LI.psn_no, ONCE.number)
    assert kept.status == "1"


def report_of(prescription: Prescription, **changes: Any) -> RefusalReport:
    made = RefusalReport(
        id="01-R000001",
        at=NOW,
        provider=LIAOCHENG,
        shop=store(LIAOCHENG).name,
        by="药师 李",
        licence="",
        who="李＊国",
        prescription=prescription,
        found=(
            Reported(
                code="supply_too_long",
                text="处方用量 90 天，最多 1 个月。",
                clause=Clause("办法", "第二十一条"),
            ),
        ),
        to=("开方机构", "医保经办机构"),
    )
    return replace(made, **changes)


def hospital(bureau: Bureau) -> Store:
    """Register the institution that issued the prescription, so that it may ask what is new for it."""
    made = Store(
        provider=Provider(id=ONCE.issuer_code, region=LI.region, kind="secondary", designated=True),
        name="演示市人民医院（聊城）",
        till="01",
        region_name="聊城市东昌府区",
    )
    with transaction(bureau.db):
        registry.save_stores(bureau.db, [made])
    return made


def mail_of(bureau: Bureau, institution: Store) -> tuple[RefusalReport, ...]:
    bureau.provider = institution.provider.id
    return read_news(raw(bureau.call("SY04", news_input(10**6)))).refusals


def test_a_refused_electronic_prescription_is_told_to_agency_and_institution(bureau: Bureau) -> None:
    institution = hospital(bureau)

    said = bureau.call("7204", refused_input(report_of(downloaded(bureau), electronic=True)))

    assert said.refused == ""
    (finding,) = findings.recent(bureau.db, 50)
    assert finding.kind == "prescription_refused"
    assert LI.name not in finding.text
    (kept,) = rx_results.of_institution(bureau.db, institution.provider.id)
    assert kept.found[0].code == "supply_too_long"
    assert [each.id for each in mail_of(bureau, institution)] == ["01-R000001"]


def test_a_forged_prescription_that_nobody_issued_is_registered_as_it_was_seen(bureau: Bureau) -> None:
    institution = hospital(bureau)
    forged = replace(ONCE, number="371502Y00000000000000000099", psn_no="404")
    altered = Reported(code="signature_altered", text="与平台签章不符。")

    said = bureau.call("7204", refused_input(report_of(forged, found=(altered,), electronic=True)))

    assert said.refused == ""
    (kept,) = rx_results.of_institution(bureau.db, institution.provider.id)
    assert kept.prescription == forged
    (finding,) = findings.recent(bureau.db, 50)
    assert forged.number in finding.text
    unknown = bureau.call("7204", refused_input(report_of(forged, electronic=True)))
    assert unknown.refused == "unknown_prescription"


def test_a_review_with_many_long_reasons_still_has_room(bureau: Bureau) -> None:
    reasons = [Override(code="interaction", subject=str(place), reason="医" * 200) for place in range(20)]
    signed = SignOff(pharmacist="李", licence="1", at=NOW, covers="", overrides=tuple(reasons))
    sale = sale_of(downloaded(bureau))
    sale = replace(sale, draft=replace(sale.draft, signed=signed))

    assert bureau.call("7204", review_input(sale)).refused == ""


def test_a_refused_paper_prescription_is_registered_once_under_its_institution(bureau: Bureau) -> None:
    paper = replace(ONCE, number="P-17", psn_no=None, issuer_code="", issuer="某卫生院")
    text = refusal_input(report_of(paper))

    assert bureau.call("SY07", text).refused == ""
    assert bureau.call("SY07", text).refused == ""

    (kept,) = rx_results.of_institution(bureau.db, "某卫生院")
    assert kept.prescription.number == "P-17"
    assert len(findings.recent(bureau.db, 50)) == 1
    bureau.provider = EZHOU
    assert bureau.call("SY07", text).refused == "wrong_provider"
