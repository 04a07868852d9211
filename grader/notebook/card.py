"""The result card: a report as plain HTML that a person reads.

It has to survive three places that take things away: JupyterLab's sanitizer for untrusted output
(no ``<style>``, no ``aria-…``, no ``var(…)``; fixed colours, layout and ``<details>`` stay),
nbgrader's feedback (no JupyterLab variables) and paper. So all style is inline, each theme
colour has a fallback, status is a word beside a colour, and nothing needs a script. Every text
may come from a submission: cleaned, clipped and escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from grader.notebook import picture
from grader.notebook.prose import with_code
from grader.verdict.report import UNTOUCHED, CheckResult, Evidence, Report, Status
from grader.verdict.text import clean

MAX_TEXT = 4000
"""Characters of one text; longer ones keep their beginning and their end."""
MAX_EVIDENCE = 6
MAX_NAMES = 20
MAX_CARD = 256 * 1024
"""Characters of a card; above that the receipts of passed checks are left out."""

_RULE = "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * 3
_LINE = "var(--jp-border-color2, #d0d7de)"
_BOX = "var(--jp-layout-color2, #f3f5f7)"
_FAINT = "var(--jp-ui-font-color1, #424a53)"
_PRE = (
    f"margin: 2px 0 10px; padding: 8px 12px; border: 1px solid {_LINE}; border-radius: 6px; "
    f"background: {_BOX}; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 90%; "
    "line-height: 1.45"
)
_WIDE = f"{_PRE}; white-space: pre; overflow-x: auto"
"""For tables, which nobody can read when their lines are broken."""
_HEADING = "margin: 0; font-size: 125%; font-weight: 600"
_LABEL = f"margin: 8px 0 0; font-size: 88%; font-weight: 600; color: {_FAINT}"
_NO_GRADE = "the 0.0 that this cell returns is no grade."
_SMALL = f"margin: 6px 0 0; font-size: 85%; line-height: 1.5; color: {_FAINT}"


def render(report: Report, title: str = "") -> str:
    """The card of ``report``; ``title`` is the exercise's, its id where that is not known."""
    card = _card(report, title, receipts=True)
    return card if len(card) <= MAX_CARD else _card(report, title, receipts=False)


def refusal(title: str, text: str) -> str:
    """The card of a grading that did not take place: what stopped it, and that nothing counts."""
    return _frame(
        Status.ERROR,
        f"{_show(title)}: not graded",
        f"<p style='margin: 4px 0 0'>{_show(text)}</p>",
        [f'<p style="{_SMALL}">Nothing was scored; {_NO_GRADE}</p>'],
    )


def _card(report: Report, title: str, receipts: bool) -> str:
    body = [
        *([] if report.complete else [_not_graded(report)]),
        *(_check(check, receipts) for check in report.checks),
        _reproduce(report.reproduce),
        _footer(report),
    ]
    status = report.status if report.complete else Status.ERROR
    name = _show(title or report.exercise)
    return _frame(status, name if report.complete else f"{name}: not graded", _sum(report), body)


def _frame(status: Status, heading: str, under: str, body: Iterable[str]) -> str:
    return (
        f'<div class="drydock-card" style="border: 1px solid {_LINE}; border-radius: 8px; '
        f"border-top: 5px solid {picture.COLOUR[status]}; padding: 14px 18px; margin: 6px 0; "
        'max-width: 860px; line-height: 1.5">'
        f'<div style="display: flex; gap: 14px; align-items: flex-start">{picture.icon(status, 40)}'
        f'<div style="flex: 1 1 auto"><h3 style="{_HEADING}">{heading}</h3>{under}</div></div>'
        f"{''.join(body)}</div>"
    )


def _sum(report: Report) -> str:
    judged = [check for check in report.checks if check.status is not Status.ADVICE]
    passed = sum(check.status is Status.PASSED for check in judged)
    score, most = f"{report.score:g}", f"{report.max_score:g}"
    facts = f"{passed} of {len(judged)} checks passed · {report.seconds:.1f} s"
    if report.cached:
        facts += " · remembered: the same answer was graded before"
    if not report.complete:
        return f'<p style="margin: 2px 0 6px">Nothing was scored · {facts}</p>'
    untouched = f'<p style="margin: 2px 0 6px">{UNTOUCHED}</p>' if report.untouched else ""
    return (
        f'<p style="margin: 2px 0 6px"><strong>{score} of {most} points</strong> · {facts}</p>'
        f"{untouched}"
        f'<progress max="{most}" value="{score}" title="{score} of {most} points" '
        f'style="width: 100%; height: 10px; accent-color: {picture.COLOUR[Status.PASSED]}">'
        f"{score} of {most} points</progress>"
    )


def _not_graded(report: Report) -> str:
    absent = sorted({check.absent for check in report.checks if check.absent})
    errors = any(check.status is Status.ERROR for check in report.checks)
    if absent and not errors:
        what = f"This computer lacks what a check needs ({_show(', '.join(absent))})."
    elif report.checks:
        what = "The grader itself ran into a problem; your answer is not to blame."
    else:
        what = "No check ran; your answer is not to blame."
    return (
        f'<p style="margin: 10px 0; padding: 8px 12px; border-left: 4px solid '
        f'{picture.COLOUR[Status.ERROR]}"><strong>Not graded: nothing was scored.</strong> {what} '
        f"Try again; <code>./lab doctor</code> tells what is missing. And {_NO_GRADE}</p>"
    )


def _check(check: CheckResult, receipts: bool) -> str:
    mark = (
        f"{picture.icon(check.status)} "
        f'<span style="background-color: {picture.COLOUR[check.status]}; color: #ffffff; '
        'border-radius: 9px; padding: 1px 9px; font-size: 82%; font-weight: 600">'
        f"{picture.WORD[check.status]}</span> {_show(check.title)}"
    )
    points = f"{check.earned:g} / {check.points:g}" if check.points else "no points"
    faint = f'<span style="float: right; padding-left: 12px; color: {_FAINT}">{points}</span>'
    detail = _receipt(check) if receipts or check.status is not Status.PASSED else ""
    row = f"margin: 0; padding: 7px 0; border-bottom: 1px solid {_LINE}"
    if not detail:
        return f'<div style="{row}; padding-left: 16px">{faint}{mark}</div>'
    is_open = " open" if check.status in (Status.FAILED, Status.ERROR) else ""
    return (
        f'<details style="{row}"{is_open}><summary style="cursor: pointer">{faint}{mark}</summary>'
        f'<div style="margin: 6px 0 4px 26px">{detail}</div></details>'
    )


def _receipt(check: CheckResult) -> str:
    parts = [f"<p style='margin: 4px 0 8px'>{_prose(check.message)}</p>"] if check.message else []
    parts += _evidence(check.evidence[:MAX_EVIDENCE])
    if len(check.evidence) > MAX_EVIDENCE:
        left = len(check.evidence) - MAX_EVIDENCE
        parts.append(f'<p style="{_SMALL}">… and {left} more observations.</p>')
    if check.status is Status.PASSED:
        return "".join(parts)
    if check.why:
        parts.append(_paragraph("Why it matters", check.why))
    if check.hint:
        parts.append(
            '<details style="margin: 8px 0 2px"><summary style="cursor: pointer; '
            f'font-weight: 600">Hint</summary><p style="margin: 2px 0">{_prose(check.hint)}</p>'
            "</details>"
        )
    return "".join(parts)


def _evidence(items: Sequence[Evidence]) -> Iterator[str]:
    """Commands and what they showed as pieces of a terminal; what was expected, said once."""
    if items:
        yield f'<p style="{_LABEL}">See it yourself</p>'
    for number, item in enumerate(items, 1):
        shown = f"\n{_show(item.observed.rstrip())}" if item.observed.strip() else ""
        box = f'style="{_WIDE}" tabindex="0"' if _RULE in item.observed else f'style="{_PRE}"'
        command = (
            f'<strong style="white-space: pre-wrap">{item.prompt}{_show(item.command)}</strong>'
        )
        yield f"<pre {box}>{command}{shown}</pre>"
        if item.expected and item.expected not in (later.expected for later in items[number:]):
            yield _paragraph("Expected", item.expected)


def _paragraph(label: str, text: str) -> str:
    lines = "<br>".join(_prose(text.strip()).splitlines())
    return f'<p style="{_LABEL}">{label}</p><p style="margin: 0">{lines}</p>'


def _reproduce(commands: tuple[str, ...]) -> str:
    if not commands:
        return ""
    return (
        '<details style="margin: 10px 0 0"><summary style="cursor: pointer">Do it by hand: '
        "commands that start what the checks look at</summary>"
        f'<pre style="{_PRE}">{_show(chr(10).join(commands))}</pre></details>'
    )


def _footer(report: Report) -> str:
    lines = []
    if report.submission.ignored:
        lines.append(f"Left aside, not part of the answer: {_names(report.submission.ignored)}.")
    if report.engine:
        lines.append(_engine(report.engine))
    return "".join(f'<p style="{_SMALL}">{line}</p>' for line in lines)


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(_show(name, 120) for name in names[:MAX_NAMES])
    left = len(names) - MAX_NAMES
    return f"{shown} and {left} more" if left > 0 else shown


_FACT = {
    "version": "Docker Engine {}",
    "api": "API {}",
    "cgroup": "cgroup v{}",
    "runtime": "runtime {}",
    "gpu": "GPU: {}",
    "build_network": "build network: {}",
}


def _engine(facts: Mapping[str, Any]) -> str:
    known = [_FACT[key].format(_show(facts[key], 80)) for key in _FACT if facts.get(key)]
    others = [
        f"{_show(k.replace('_', ' '), 40)}: {_show(v, 80)}"
        for k, v in facts.items()
        if k not in _FACT
    ]
    return " · ".join([*known, *others])


def _prose(text: str) -> str:
    return with_code(_show(text))


def _show(value: object, limit: int = MAX_TEXT) -> str:
    """Text of unknown origin as HTML: no control characters, clipped in the middle, escaped."""
    text = clean(str(value))
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
    return escape(text)
