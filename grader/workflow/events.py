"""What may stand under ``on``: the events there are, with their filters and declarations.

https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows (2026)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from grader.workflow import model, option

EVENTS = option.words(
    "branch_protection_rule check_run check_suite create delete deployment deployment_status "
    "discussion discussion_comment fork gollum image_version issue_comment issues label "
    "merge_group milestone page_build project project_card project_column public pull_request "
    "pull_request_comment pull_request_review pull_request_review_comment pull_request_target push "
    "registry_package release repository_dispatch schedule status watch workflow_call "
    "workflow_dispatch workflow_run"
)
_FILTERS = option.words(
    "branches branches-ignore tags tags-ignore paths paths-ignore types workflows inputs outputs "
    "secrets cron"
)


def unknown_keys(holder: Mapping[Any, Any], known: frozenset[str], where: str) -> Iterator[str]:
    """The keys of a mapping that nobody knows there."""
    for key in holder:
        if not isinstance(key, str):
            yield f"{where}: the key {str(key)[:40]!r} isn't text."
        elif key not in known:
            yield f"{where} has a key {key[:40]!r} that GitHub doesn't know there."


def faults(asked: Any) -> Iterator[str]:
    """What is wrong with ``on``."""
    if not isinstance(asked, (str, list, dict)) or not asked:
        yield "on should name an event, a list of events or a mapping of them."
        return
    if isinstance(asked, list) and not all(isinstance(each, str) for each in asked):
        yield "on is a list of something else than names of events."
        return
    for event, settings in model.triggers(asked).items():
        if event not in EVENTS:
            yield f"on names an event {str(event)[:40]!r}; there is none of that name."
            continue
        if event == "schedule":
            if not isinstance(settings, list):
                yield "on: schedule should be a list of cron lines."
            continue
        if settings is None:
            continue
        if not isinstance(settings, dict):
            yield f"on: {event} should be a mapping of filters, or empty."
            continue
        yield from unknown_keys(settings, _FILTERS, f"on: {event}")
        yield from _declared(settings, f"on: {event}")
        for one in ("branches", "tags", "paths"):
            if one in settings and f"{one}-ignore" in settings:
                yield f"on: {event} has both {one} and {one}-ignore; GitHub takes one of them."
        for key in set(settings) & (_FILTERS - {"inputs", "outputs", "secrets"}):
            patterns = settings[key] if isinstance(settings[key], list) else [settings[key]]
            if not all(isinstance(each, (str, int, float)) for each in patterns):
                yield f"on: {event}: {key} should be a list of patterns."


def _declared(settings: Mapping[str, Any], where: str) -> Iterator[str]:
    """The inputs, outputs and secrets that a start by hand or by another workflow has."""
    for key in ("inputs", "outputs", "secrets"):
        declared = settings.get(key)
        if declared is None:
            continue
        if not isinstance(declared, dict):
            yield f"{where}: {key} should be a mapping of names."
            continue
        for name, each in declared.items():
            if each is not None and not isinstance(each, dict):
                yield f"{where}: {key}, {str(name)[:40]} should be a mapping, or empty."
