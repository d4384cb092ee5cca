"""The modes that count boxes up by the scanner: a delivery, a stocktake. No Qt here."""

from __future__ import annotations

from collections.abc import Callable

from app.usecases.counter import Counter
from app.usecases.stock_state import Count, CountLine, Delivery, DeliveryLine, LineEntry
from ui.items import Heading, Page, Pair, Space, sub
from ui.places.stock_desk_page import count_page, delivery_page, difference
from ui.places.stock_forms import COUNT, RECEIVE, Values
from ui.places.stock_presenter import Mode, Stage
from ui.tokens import SMALL

_OF_A_LINE = ("batch", "expires", "made", "packs", "cost")


class ReceiveMode(Mode):
    """A delivery: boxes counted up, the chosen line filled in, booked as one."""

    spec = RECEIVE
    confirms = "再按一次作废"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._there = Delivery()
        self._chosen: str | None = None  # Ahead of the counter's answer: keys may be pressed faster.
        self._shown: Values = {}

    def opened(self) -> None:
        """Go on with the delivery on the desk."""
        self._stage.ask(lambda counter: counter.delivery(), self._show)

    def entered(self, text: str) -> None:
        """Count what was scanned."""
        self._stage.ask(lambda counter: counter.scan_delivery(text), self._show)

    def chosen(self, key: str) -> None:
        """Fill in another line."""
        self._chosen = key
        self._stage.ask(lambda counter: counter.choose_delivery(key), self._show)

    def lined(self, act: str) -> None:
        """Begin another batch of the chosen line's drug, or take the line off."""
        key = self._chosen
        if key is not None and act == "more":
            self._stage.ask(lambda counter: counter.another_batch(key), self._show)
        elif key is not None and act == "remove":
            self._stage.ask(lambda counter: counter.drop_delivery_line(key), self._show)

    def keys(self) -> list[str]:
        """Return the rows' keys in order."""
        return [line.key for line in self._there.lines]

    def choice(self) -> str | None:
        """Return the chosen row."""
        return self._chosen

    def main(self, values: Values) -> None:
        """Take over what is typed, and book the delivery."""
        self._take(values, then=self._book)

    def second(self, values: Values) -> None:  # noqa: ARG002 - all of it goes
        """Throw the delivery away."""
        self._stage.ask(lambda counter: counter.give_up_delivery(), self._show)

    def changed(self, values: Values) -> None:
        """Take over what is typed."""
        self._take(values, then=self._show)

    def _take(self, values: Values, then: Callable[[Delivery], None]) -> None:
        head = (values.get("supplier", ""), values.get("note", ""))
        key = self._there.chosen
        line = {name: values.get(name, "") for name in _OF_A_LINE}
        same = all(self._shown.get(name, "") == values.get(name, "") for name in self._shown)
        if same and then == self._show:
            return

        def take(counter: Counter) -> Delivery:
            there = counter.head_delivery(*head)
            return there if key is None else counter.change_delivery(key, LineEntry(**line))

        self._stage.ask(take, then)

    def _book(self, _there: Delivery) -> None:
        self._stage.ask(lambda counter: counter.book_delivery(), self._show)

    def _show(self, there: Delivery) -> None:
        fresh, self._there = there.chosen != self._there.chosen, there
        self._chosen = there.chosen
        line = next((each for each in there.lines if each.key == there.chosen), None)
        self._shown = {"supplier": there.supplier, "note": there.note, **_fields(line)}
        self._stage.view.put(self._shown, over=fresh)
        self._stage.view.show_list(delivery_page(there))
        self._stage.show_side(_line_card(line))


def _fields(line: DeliveryLine | None) -> Values:
    if line is None:
        return dict.fromkeys(_OF_A_LINE, "")
    return {
        "batch": line.batch,
        "expires": line.expires,
        "made": line.made,
        "packs": str(line.packs),
        "cost": line.cost,
    }


def _line_card(line: DeliveryLine | None) -> Page:
    if line is None:
        return (sub("扫一盒药，这里显示它的追溯码。"),)
    if not line.codes:
        said = "这一行还没有扫追溯码。能扫的都扫上：卖的时候就知道是哪一批，假的、卖过的也混不进来。"
        return (Heading(line.name, f"0 / {line.packs} 有码"), sub(said))
    codes = line.codes[-_CODES:]
    return (
        Heading(line.name, f"{len(line.codes)} / {line.packs} 有码"),
        *(Pair(left=code, right="", size=SMALL) for code in reversed(codes)),
        *((sub(f"还有 {len(line.codes) - _CODES} 个没有列出。"),) if len(line.codes) > _CODES else ()),
    )


_CODES = 8


class CountMode(Mode):
    """A stocktake: each lot counted by the scanner or typed, booked as one."""

    spec = COUNT
    confirms = "再按一次作废"

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._there = Count()
        self._chosen: int | None = None
        self._shown: Values = {}

    def opened(self) -> None:
        """Go on with the count on the desk."""
        self._stage.view.put({"why": ""})
        self._stage.ask(lambda counter: counter.count(), self._show)

    def entered(self, text: str) -> None:
        """Count what was scanned."""
        self._stage.ask(lambda counter: counter.scan_count(text), self._show)

    def chosen(self, key: str) -> None:
        """Count another lot."""
        self._chosen = int(key)
        self._stage.ask(lambda counter: counter.choose_count(int(key)), self._show)

    def keys(self) -> list[str]:
        """Return the rows' keys in the order in which they are shown."""
        page = count_page(self._there)
        return [key for item in page if (key := getattr(item, "key", ""))]

    def choice(self) -> str | None:
        """Return the chosen row."""
        return str(self._chosen) if self._chosen is not None else None

    def main(self, values: Values) -> None:
        """Take over what is typed, and book the count."""
        why = values.get("why", "")
        lot = self._there.chosen
        if lot is not None and self._differs(values):
            packs, pieces = values.get("packs", ""), values.get("pieces", "")

            def both(counter: Counter) -> Count:
                counter.set_count(lot, packs, pieces)
                return counter.book_count(why)

            self._stage.ask(both, self._show)
        else:
            self._stage.ask(lambda counter: counter.book_count(why), self._show)

    def second(self, values: Values) -> None:  # noqa: ARG002 - all of it goes
        """Throw the count away."""
        self._stage.ask(lambda counter: counter.give_up_count(), self._show)

    def changed(self, values: Values) -> None:
        """Take over a count that was typed."""
        lot = self._there.chosen
        if lot is not None and self._differs(values):
            packs, pieces = values.get("packs", ""), values.get("pieces", "")
            self._stage.ask(lambda counter: counter.set_count(lot, packs, pieces), self._show)

    def _differs(self, values: Values) -> bool:
        return any(self._shown.get(name, "") != values.get(name, "").strip() for name in ("packs", "pieces"))

    def _show(self, there: Count) -> None:
        fresh, self._there = there.chosen != self._there.chosen, there
        self._chosen = there.chosen
        line = next((each for each in there.lines if each.row.lot == there.chosen), None)
        counted = line is not None and line.packs is not None
        self._shown = {
            "packs": str(line.packs) if line is not None and counted else "",
            "pieces": str(line.pieces) if line is not None and counted and line.pieces else "",
        }
        self._stage.view.put(self._shown, over=fresh)
        self._stage.view.show_list(count_page(there))
        self._stage.show_side(_count_card(line))


def _count_card(line: CountLine | None) -> Page:
    if line is None:
        return (sub("扫一盒，或用 ↑ ↓ 选一批，这里显示它。"),)
    row = line.row
    page: list[Pair | Heading | Space] = [
        Heading(row.name, row.spec),
        Pair(left=f"批号 {row.batch or '—'}", right=f"至 {row.expires or '—'}", size=SMALL),
        Pair(left="账上", right=f"{row.packs} {row.unit}", size=SMALL),
    ]
    if line.packs is not None:
        packs, _pieces = difference(line)
        page.append(Pair(left="数到", right=f"{line.packs} {row.unit}", size=SMALL))
        page.append(
            Pair(left="相差", right=f"{packs} {row.unit}", size=SMALL, tone="ochre" if packs else "mount")
        )
        page.append(Pair(left="扫过的码", right=f"{len(line.codes)} 个", size=SMALL))
    return tuple(page)
