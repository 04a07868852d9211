"""Whether a service keeps its key: it asks for it, and never prints it.

How the key came to the service isn't known here.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.compose import Service
from grader.judging.scenes.prediction import SCORE
from grader.judging.scenes.production import KEY_FILE, MOUNTED, Work
from grader.probe.bench import Bench
from grader.probe.container import receipt
from grader.verdict.report import Evidence

_BODY = "-d '{\"features\": [1.0, 2.0, 3.0]}' http://localhost:8000/predict"
_JSON = "--retry 9 --retry-all-errors -H 'Content-Type: application/json'"
ASK = f"docker start web > /dev/null; {receipt.CURL} {_JSON} {_BODY}"


def assert_asked_for(work: Work, bench: Bench) -> None:
    """With the key there is a score, without it and with a wrong one there is 401."""
    bench.record(Evidence(ASK, receipt.answered(work.without)))
    keyed = ASK.replace(
        receipt.CURL, f'{receipt.CURL} -H "Authorization: Bearer $(cat api_key.txt)"'
    )
    bench.record(Evidence(keyed, receipt.answered(work.right)))
    answer = work.right
    assert answer.ok, f"POST /predict with the key from /run/secrets/api_key came to {answer}."
    score = answer.json().get("score") if isinstance(answer.json(), dict) else None
    assert score == SCORE, f"The score should be {SCORE}; the answer is {answer.text[:100]}."
    assert work.without.status == 401, f"Without a key POST /predict came to {work.without}."
    for what, came in work.wrong.items():
        assert came.status == 401, f"With {what} POST /predict came to {came}; it should be 401."


def assert_given(service: Service) -> None:
    """The compose file hands the service the key's file, where the service looks for it."""
    assert MOUNTED in service.mounted, (
        f"{service.file} gives the service no {MOUNTED}: a secret called api_key, from "
        f"file: ./{KEY_FILE}, stands at the top level and in the service's own list."
    )
    source = service.mounted[MOUNTED]
    assert source == KEY_FILE, (
        f"{MOUNTED} is {source} of the folder; the service's key is {KEY_FILE}."
    )


def assert_kept(work: Work, printed: Iterable[str], bench: Bench) -> None:
    """It is asked for, and no line that was printed holds it."""
    assert_asked_for(work, bench)
    assert_not_printed(work.key, printed)


def assert_not_printed(key: str, printed: Iterable[str]) -> None:
    """No line of the log holds the key."""
    telling = [line for line in printed if key in line]
    assert not telling, "The service printed its key: logs are read by many and kept for long."
