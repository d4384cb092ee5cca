"""The operations page: who may see it, what it tells of tills and leases, and whom it never names."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from agency.operations import Operations
from agency.storage import adjustments, findings, leases, tills
from agency.storage.connection import transaction
from agency.storage.findings import Finding
from agency.storage.tills import Till
from agency.web import make_web
from engine.lease import Lease, Spend
from engine.policy.claim import Accumulators
from tests.fakes.agency_line import EZHOU, NOW, SHAOXING, Bureau, demonstration, person

HERE, ELSEWHERE = ("127.0.0.1", 50000), ("203.0.113.9", 50000)


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    made = Bureau(tmp_path)
    yield made
    made.close()


class Browser:
    """Somebody who looks at the page from the address ``client``."""

    def __init__(self, bureau: Bureau, token: str | None = None, client: tuple[str, int] = HERE) -> None:
        operations = Operations(database=bureau.database, clock=bureau.clock, token=token)
        self._web = make_web(bureau.agency, operations)
        self._client = client

    def get(self, token: str | None = None, **headers: str) -> httpx.Response:
        return asyncio.run(self._get({} if token is None else {"token": token}, headers))

    async def _get(self, params: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self._web, client=self._client)
        async with httpx.AsyncClient(transport=transport, base_url="http://agency", trust_env=False) as web:
            return await web.get("/operations", params=params, headers=headers)


def busy(bureau: Bureau) -> None:
    """Put a late till, a forked till, two leases, a finding and an adjustment into the books."""
    whose = person("王秀英")
    late = Till(
        provider=SHAOXING,
        till="01",
        epoch=2,
        state=tills.ACTIVE,
        public_key="",
        box_key="",
        seen_at=NOW - timedelta(days=3),
        enrolled_at=NOW,
        waiting=17,
        oldest=(NOW - timedelta(days=3)).isoformat(),
    )
    with transaction(bureau.db):
        tills.save(bureau.db, late)
        tills.save(bureau.db, replace(late, provider=EZHOU, epoch=1, state=tills.FORKED, waiting=0))
        for number, reserved, used in ((1, 30_000, 10_000), (2, 5_050, 0)):
            leases.save(bureau.db, lease(whose.psn_no, number, reserved, used))
        findings.add(
            bureau.db,
            Finding(provider=EZHOU, id="F1", at=NOW, kind="fork", till="01", text="第 3 条流水有两份。"),
        )
        adjustments.save(
            bureau.db,
            adjustments.Found(
                psn_no=whose.psn_no,
                id="A1",
                provider=SHAOXING,
                at=NOW,
                year=2026,
                benefit="",
                give_back=1_234,
                borne=0,
            ),
        )


def lease(psn_no: str, number: int, reserved: int, used: int) -> leases.Kept:
    return leases.Kept(
        lease=Lease(
            id=f"L{number}",
            version=1,
            psn_no=psn_no,
            year=2026,
            benefit="",
            provider=SHAOXING,
            till=f"{number:02}",
            epoch=1,
            granted_at=NOW,
            use_until=NOW + timedelta(hours=2),
            accumulators=Accumulators(),
            reserved=Spend(fund=reserved),
        ),
        state=leases.OPEN,
        reclaim_at=NOW + timedelta(days=15),
        used=Spend(fund=used),
    )


def test_page_tells_of_outboxes_exposure_forks_and_adjustments(bureau: Bureau) -> None:
    busy(bureau)

    said = Browser(bureau).get()

    assert said.status_code == 200
    for told in ("17", "3 天", "分叉，停发额度", "250.50", "第 3 条流水有两份。", "12.34", "绍兴市诸暨市"):
        assert told in said.text
    assert said.text.index("分叉，停发额度") < said.text.index("✓ 正常")


def test_page_names_no_insured_person(bureau: Bureau) -> None:
    busy(bureau)

    said = Browser(bureau).get().text

    for each in demonstration().people:
        assert each.name not in said
        assert each.psn_no not in said
        assert each.cert_no not in said


def test_a_new_agency_has_an_empty_page_and_not_a_broken_one(bureau: Bureau) -> None:
    assert "没有。" in Browser(bureau).get().text


def test_without_a_token_only_this_computer_sees_the_page(bureau: Bureau) -> None:
    assert Browser(bureau).get().status_code == 200
    assert Browser(bureau, client=ELSEWHERE).get().status_code == 403
    for passed_on in ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"):
        assert Browser(bureau).get(**{passed_on: "203.0.113.9"}).status_code == 403


def test_an_empty_token_opens_the_page_to_nobody_from_elsewhere(bureau: Bureau) -> None:
    page = Browser(bureau, "", ELSEWHERE)

    assert page.get().status_code == 403
    assert page.get("").status_code == 403
    assert page.get(Authorization="Bearer ").status_code == 403


@pytest.mark.parametrize("client", [HERE, ELSEWHERE])
def test_with_a_token_whoever_has_it_sees_the_page_and_nobody_else(
    bureau: Bureau, client: tuple[str, int]
) -> None:
    page = Browser(bureau, "口令 7", client)

    assert page.get("口令 7").status_code == 200
    for wrong in (None, "", "口令 8"):
        refused = page.get(wrong)
        assert refused.status_code == 403
        assert "口令" in refused.text
        assert SHAOXING not in refused.text


def test_a_token_may_come_as_a_header(bureau: Bureau) -> None:
    page = Browser(bureau, "secret", ELSEWHERE)

    assert page.get(Authorization="Bearer secret").status_code == 200
    assert page.get(Authorization="Bearer other").status_code == 403


def test_what_a_till_says_of_itself_cannot_become_part_of_the_page(bureau: Bureau) -> None:
    with transaction(bureau.db):
        findings.add(
            bureau.db,
            Finding(
                provider="<b>", id="F2", at=NOW, kind="fork", till="<i>", text="<script>alert(1)</script>"
            ),
        )

    said = Browser(bureau).get()

    assert "<script" not in said.text
    assert "&lt;script&gt;" in said.text
    assert "script-src" not in said.headers["content-security-policy"]
