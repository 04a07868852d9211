"""Ways to print a secret are found, and harmless uses aren't."""

from __future__ import annotations

import json
import re

from grader import workflow as workflows
from grader.tests.workflow.followed import rehearsal
from grader.workflow import leak
from grader.workflow.run import Runs

PRINTS = (
    "echo $T",
    'cat <<< "$T"',
    'echo "$T" | base64',
    'echo "$T" | base64 -w0 | rev',
    'echo "$T" | base64 | base64',
    'echo "$T" | base32',
    'echo "$T" | rev',
    'echo "${T:3:8}"',
    'echo "$T" | cut -c1-10',
    'echo "$T" | xxd',
    'echo "$T" | od -c',
    'echo "$T" | od -An -tx1',
    'echo "$T" | tr a-z A-Z',
    'echo "$T" | tr A-Za-z N-ZA-Mn-za-m',
    'echo "$T" | fold -w1',
    "echo \"$T\" | sed 's/./& /g'",
    "for ((i = 0; i < ${#T}; i++)); do echo ${T:i:1}; done",
    "env",
    "export -p",
    "printenv T",
    "cat /proc/self/environ",
    'set -x; true "$T"',
    'echo "$T" >&2',
    'echo "$T" > f; cat f',
    'echo "$T" >> $GITHUB_STEP_SUMMARY',
    'echo "::notice::$T"',
    "python3 -c \"import os; print(os.environ['T'])\"",
    "jq -n env.T",
    "bash -c 'echo $T'",
    'curl -H "Authorization: $T" https://example.org',
    "docker build --build-arg T=$T .",
    'sed "s/x/$T/" f',
)
KEEPS = (
    "echo ${#T}",
    '[ -n "$T" ] && echo set',
    'if [ "$T" = x ]; then echo same; fi',
    'echo "$T" | docker login -u x --password-stdin',
    'printf %s "$T" > $RUNNER_TEMP/t; wc -c < $RUNNER_TEMP/t',
    'echo "::add-mask::$T"',
    "docker build --secret id=t,env=T .",
    'curl -K - <<< "header = \\"Authorization: $T\\"" https://example.org',
    'echo "${T:0:3}"',
)


def found(scripts: tuple[str, ...]) -> set[str]:
    """The scripts that are said to give the secret away."""
    steps = "".join(
        f"      - {{name: N{at}, env: {{T: '${{{{ secrets.T }}}}'}}, run: {json.dumps(each)}}}\n"
        for at, each in enumerate(scripts)
    )
    head = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n"
    runs = Runs(workflows.read(head + steps), rehearsal(), workflows.given_files())
    said = leak.found(runs.regardless(), runs.rehearsal.concrete)
    numbers = {match[1] for each in said if (match := re.search(r"\(N(\d+)\)", each))}
    return {scripts[int(number)] for number in numbers}


def test_every_way_to_print_a_secret_is_found() -> None:
    assert set(PRINTS) - found(PRINTS) == set()


def test_harmless_uses_are_not_refused() -> None:
    assert found(KEEPS) == set()
