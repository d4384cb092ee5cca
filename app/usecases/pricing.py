"""What the city of the shop finds in the prices of the basket."""

from __future__ import annotations

from app.storage import catalogue
from app.usecases.desk import Desk
from app.usecases.quote import Quote
from engine.catalogue import PriceKind
from engine.prescription import Finding
from engine.price import check_prices
from engine.sale import Draft


def price_findings(desk: Desk, draft: Draft, quoted: Quote | None) -> list[Finding]:
    """Return the findings on the prices of ``draft``; none where the shop's city asks nothing."""
    day = desk.today()
    rules = desk.law.price_rules(desk.store.provider.region, day) if desk.store else ()
    if not rules or desk.store is None:
        return []
    region = desk.store.provider.region
    claimed = quoted.claim.lines if quoted and quoted.claim else ()

    def known(kind: PriceKind) -> bool:
        return catalogue.knows_prices(desk.catalogue, kind, region)

    return list(
        check_prices(
            rules,
            draft.lines,
            region=region,
            day=day,
            chronic=frozenset(line.id for line in claimed if line.disease is not None),
            known=known,
        )
    )
