"""The frame of a page: self-contained, printable, and forbidden by its own policy to run a script
or to ask for anything from outside."""

from __future__ import annotations

from html import escape

from grader.verdict.text import clean

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2328; background: #fff; margin: 0 auto;
  max-width: 1060px; padding: 24px }
h1 { font-size: 26px; margin: 0 0 4px } h2 { font-size: 20px; margin: 34px 0 8px }
p.lead { margin: 0 0 18px; color: #424a53 }
table { border-collapse: collapse; font-size: 14px; margin: 8px 0 }
th, td { border: 1px solid #d0d7de; padding: 4px 9px; text-align: left; vertical-align: top }
th { background: #f3f5f7; font-weight: 600 } td.number { text-align: right; white-space: nowrap }
.scroll { overflow-x: auto } tbody th { font-weight: 500; white-space: nowrap }
thead th.exercise { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 500 }
td.full { background: #d7f2dd } td.part { background: #fff3c9 } td.none { background: #fbdedf }
td.open { background: #f3f5f7; color: #424a53 } td.ours { background: #ffe7cf }
.bar { display: inline-block; height: 13px; background: #0a60c4; vertical-align: middle }
.bar.bad { background: #c2212d } a { color: #0a60c4 }
details.answer { margin: 0 0 6px } details.answer > summary { cursor: pointer }
@media print { body { max-width: none; padding: 0; font-size: 12px }
  .drydock-card { break-inside: avoid } a { color: inherit; text-decoration: none } }
"""


def page(title: str, body: str) -> str:
    """A whole HTML document; ``title`` is text, ``body`` is HTML of ours."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><main>{body}</main></body></html>\n"
    )


def text(value: object, limit: int = 600) -> str:
    """Text of unknown origin as HTML: no control characters, clipped, escaped."""
    shown = clean(str(value))
    return escape(shown if len(shown) <= limit else f"{shown[:limit]} …")


def bar(share: float, label: str, kind: str = "") -> str:
    """A bar of ``share`` (0 to 1) of its column, with its value beside it as text."""
    width = round(220 * max(0.0, min(1.0, share)))
    return f'<span class="bar {kind}" style="width: {width}px"></span> {text(label)}'


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of HTML cells; the first of each row is its heading."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    whole = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll">{whole}</div>'
