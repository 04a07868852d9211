"""What the catalogue says without running anything is what pytest sees."""

from __future__ import annotations

import subprocess
import sys

import pytest

from grader import catalog, checkspec, project
from grader.author import audit
from grader.catalog import Exercise
from grader.outcome import UsageError

EXERCISES = list(catalog.discover().values())
COLLECT = ["-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
CONTRACT = {
    "nonroot_user": "builds process_not_root whoami_is_appuser no_capabilities service_answers",
    "healthcheck_instruction": "builds becomes_healthy becomes_unhealthy_when_broken recovers "
    "fails_when_hung tolerates_slow_start timings_are_sensible",
    "signal_delivery": "builds pid1_is_service stops_on_sigterm exit_code_is_clean no_orphans",
    "memory_limit": "limit_is_enforced no_swap_escape normal_load_survives comes_back",
    "gpu_visibility": "requests_one_gpu sees_only_that_gpu sees_none_without_request "
    "honours_visible_devices falls_back_to_cpu",
    "json_logs": "every_line_is_json has_required_fields timestamps_are_utc extra_fields_kept "
    "exception_is_one_line level_is_configurable flushes_before_exit survives_bad_values",
}
"""The ids of exercises and checks are promised to everyone who grades with them."""


def test_ids_are_the_promised_ones() -> None:
    found = {exercise.id: exercise for exercise in EXERCISES}
    for name, checks in CONTRACT.items():
        judged = [check.id for check in found[name].checks if not check.advice]
        assert judged == checks.split()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_every_exercise_is_whole(exercise: Exercise) -> None:
    """Starter, solution, texts, hints and variants are there, and nothing that is nobody's."""
    assert list(audit.of_exercise(exercise)) == []


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_pytest_collects_what_is_declared(exercise: Exercise) -> None:
    done = subprocess.run(
        [sys.executable, *COLLECT, str(exercise.checks_path)],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    collected = [line.rpartition("::test_")[2] for line in done.stdout.splitlines() if "::" in line]
    assert collected == [check.id for check in exercise.checks]


def test_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UsageError, match="did you mean memory_limit"):
        catalog.find("memory_limits")


def test_section_may_stand_before_the_name() -> None:
    assert catalog.find("01_security/nonroot_user").id == "nonroot_user"


def test_docstring_is_split_into_title_and_reason() -> None:
    split = checkspec.split_docstring("A fact.\n\nIt matters\nmuch.")
    assert split == ("A fact", "It matters much.")
