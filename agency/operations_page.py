"""How the operations page looks: the window's colours, one column, tables that scroll by themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

from msgspec import Struct


class Cell(Struct, frozen=True):
    """One cell; ``token`` is the colour of its meaning, which the words say as well."""

    text: str
    token: str = ""


class Table(Struct, frozen=True):
    """A table with a title; ``figures`` are the columns that hold numbers."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    figures: Collection[int] = frozenset()


_LIGHT = {
    "ground": "#F3F5F3",
    "card": "#FFFFFF",
    "ink": "#18211D",
    "sub": "#5E6B65",
    "line": "#DDE3DF",
    "mount": "#1D6B52",
    "sea": "#1F5F8B",
    "ochre": "#A85B00",
    "red": "#B3261E",
}
_DARK = {
    "ground": "#121715",
    "card": "#1B2220",
    "ink": "#E8EEEA",
    "sub": "#98A69F",
    "line": "#2D3733",
    "mount": "#58C79F",
    "sea": "#7DB8E5",
    "ochre": "#F0B35A",
    "red": "#FF8A80",
}


def page(title: str, sentences: Iterable[str], tables: Iterable[Table]) -> str:
    """Return a whole page of HTML."""
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return (
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1><ul>{said}</ul>"
        f"{''.join(map(_table, tables))}</main></body></html>"
    )


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_figure(place, table)}>{escape(head)}</th>'
        for place, head in enumerate(table.heads)
    )
    rows = "".join(f"<tr>{_row(row, table)}</tr>" for row in table.rows)
    if not rows:
        rows = f'<tr><td colspan="{len(table.heads)}" class="sub">没有。</td></tr>'
    return (
        f"<section><h2>{escape(table.title)}</h2><div><table>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _row(row: Sequence[Cell], table: Table) -> str:
    return "".join(
        f"<td{_figure(place, table, cell.token)}>{escape(cell.text)}</td>" for place, cell in enumerate(row)
    )


def _figure(place: int, table: Table, token: str = "") -> str:
    classes = " ".join(filter(None, (token, "figure" if place in table.figures else "")))
    return f' class="{classes}"' if classes else ""


def _variables(tokens: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in tokens.items())


_STYLE = (
    f":root{{{_variables(_LIGHT)}color-scheme:light dark}}"
    f"@media(prefers-color-scheme:dark){{:root{{{_variables(_DARK)}}}}}"
    "body{margin:0;background:var(--ground);color:var(--ink);"
    "font:14px/1.6 'Noto Sans SC','Noto Sans CJK SC',sans-serif;font-variant-numeric:tabular-nums}"
    "main{max-width:1080px;margin:0 auto;padding:24px 16px}"
    "h1{font-size:20px;margin:0 0 12px}h2{font-size:16px;margin:0 0 8px}"
    "ul{margin:0 0 12px;padding:12px 12px 12px 32px}"
    "ul,section{background:var(--card);border:1px solid var(--line);border-radius:8px}"
    "section{padding:12px;margin:0 0 12px}section div{overflow-x:auto}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:8px;border-top:1px solid var(--line);vertical-align:top}"
    "th{color:var(--sub);font-weight:500;font-size:12px;border-top:0;white-space:nowrap}"
    ".figure{text-align:right;white-space:nowrap}"
    + "".join(f".{name}{{color:var(--{name})}}" for name in ("sub", "mount", "sea", "ochre", "red"))
)
