"""Expressions come to what GitHub's own evaluator makes of them.

@actions/expressions is fetched with npm, where node is there: without it there is nothing to
compare with, and the skip says so.
"""

from __future__ import annotations

import itertools
import json
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from grader.workflow.evaluate import Scope
from grader.workflow.expression import parse
from grader.workflow.lexer import ExpressionError
from grader.workflow.value import as_text

ORACLE = Path(__file__).with_name("oracle")
CONTEXT: dict[str, Any] = {
    "github": {
        "event_name": "push",
        "ref": "refs/heads/main",
        "n": 3.0,
        "t": True,
        "f": False,
        "z": None,
        "e": "",
        "list": [1.0, 2.0, "a", "A"],
        "event": {"labels": [{"name": "bug"}, {"name": "Feature"}], "number": 7.0},
    }
}
VALUES = (
    *("true", "false", "null", "0", "1", "-1", "3.5", "0x1f", "1e3", "''", "'a'", "'A'", "'1'"),
    *("' 2 '", "'true'", "'it''s'", "github.n", "github.z", "github.list", "github.none"),
)
PAIRS = ("==", "!=", "<", "<=", "&&", "||")
FUNCTIONS = """
contains('Hello', 'ell')
contains('Hello', 'ELL')
contains(github.list, 'a')
contains(github.list, 2)
contains(github.list, '2')
contains(github.event.labels.*.name, 'feature')
contains(github.ref, null)
startsWith(github.ref, 'refs/heads/')
startsWith('abc', 'B')
endsWith(github.ref, 'MAIN')
endsWith(12, 2)
format('{0}-{1}', 1, 'b')
format('{{{0}}}', true)
format('{1}{0}', 'a', null)
format('no')
join(github.list)
join(github.list, '; ')
join('a', ',')
join(github.event.labels.*.name, ' ')
toJSON(github.list)
toJSON(github.event)
toJSON('a"b')
toJSON(1.5)
toJSON(null)
toJSON(true)
fromJSON('[1,2]')[1]
fromJSON('{"a": {"b": "c"}}').a.b
fromJSON('true')
fromJSON('"x"')
fromJSON('1.50')
github.event.labels[0].name
github.event.labels[5]
github.event.labels.*.name
github['ref']
github.EVENT_NAME
github.event['number']
github.list[2]
github.list['1']
github.n.x
github.event.none.more
!true
!''
!0
!github.list
!!github.e
!(1 == 2)
(1 || 2) && 3
1 && 0 || 'x'
'' || github.event_name
github.ref == 'refs/heads/MAIN' && github.n > 2 || github.f
-0 == 0
0x10 == 16
1e1 == 10
'a' < 'B'
"""


def expressions() -> list[str]:
    made = [
        f"{left} {operator} {right}"
        for left, operator, right in itertools.product(VALUES, PAIRS, VALUES)
    ]
    return [*made, *FUNCTIONS.strip().splitlines()]


def ours(text: str) -> dict[str, str]:
    try:
        value = Scope(CONTEXT, lambda question: True).value(parse(text))
    except ExpressionError as error:
        return {"error": str(error)}
    kinds = {bool: "Boolean", float: "Number", str: "String", list: "Array", type(None): "Null"}
    said = "NaN" if isinstance(value, float) and math.isnan(value) else as_text(value)
    return {"kind": kinds.get(type(value), "Dictionary"), "text": said}


@pytest.mark.slow
def test_expressions_come_to_what_github_makes_of_them(tmp_path: Path) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs node and npm: the oracle is GitHub's own JavaScript")
    for file in ORACLE.iterdir():
        shutil.copy(file, tmp_path)
    subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund"],
        cwd=tmp_path,
        check=True,
        timeout=300,
    )
    asked = expressions()
    done = subprocess.run(
        ["node", "expressions.mjs"],
        cwd=tmp_path,
        input=json.dumps({"context": CONTEXT, "expressions": asked}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    differing = {
        text: (mine, theirs)
        for text, theirs in zip(asked, json.loads(done.stdout), strict=True)
        if (mine := ours(text)) != theirs and not ("error" in mine and "error" in theirs)
    }
    assert len(asked) > 300
    assert differing == {}
