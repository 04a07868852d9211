"""What the catalogue says without running anything is what pytest sees."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from grader.author import audit
from grader.exercise import catalog, checkspec, project
from grader.exercise.catalog import Exercise
from grader.verdict.outcome import UsageError

EXERCISES = list(catalog.discover().values())
COLLECT = ["-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
CONTRACT = {
    "nonroot_user": "builds process_not_root whoami_is_appuser no_capabilities service_answers",
    "minimal_image": "builds service_answers size_within_budget no_build_tools no_package_caches",
    "vulnerability_gate": "passes_clean_image blocks_critical blocks_high ignores_low "
    "fails_when_scanner_fails reports_findings",
    "build_secrets": "builds no_secret_in_layers no_secret_in_config build_secret_was_used "
    "runtime_secret_is_read",
    "readonly_rootfs": "root_is_readonly tmp_is_writable tmp_is_tmpfs service_answers",
    "drop_capabilities": "only_needed_capabilities no_new_privileges service_answers",
    "healthcheck_instruction": "builds becomes_healthy becomes_unhealthy_when_broken recovers "
    "fails_when_hung tolerates_slow_start timings_are_sensible",
    "health_endpoint": "not_ready_before_model ready_after_model unhealthy_when_model_lost "
    "cpu_host_is_healthy answers_while_loading cheap",
    "compose_health": "service_becomes_healthy dependent_waits unhealthy_dependency_blocks",
    "restart_on_failure": "restarts_on_crash gives_up_after_three clean_exit_stays_down",
    "restart_unless_stopped": "restarts_after_kill stays_down_after_stop policy_is_unless_stopped",
    "signal_delivery": "builds pid1_is_service stops_on_sigterm exit_code_is_clean no_orphans",
    "drain_requests": "in_flight_request_completes new_requests_refused resources_closed "
    "stops_within_grace exit_code_is_zero stops_fast_when_idle",
    "grace_period": "long_drain_completes hung_service_is_killed_in_time",
    "memory_limit": "limit_is_enforced no_swap_escape normal_load_survives comes_back",
    "cpu_limit": "cpu_is_throttled share_is_half_a_cpu",
    "compose_limits": "memory_is_limited cpu_is_limited reservation_below_limit service_answers",
    "gpu_visibility": "requests_one_gpu sees_only_that_gpu sees_none_without_request "
    "honours_visible_devices falls_back_to_cpu",
    "json_logs": "every_line_is_json has_required_fields timestamps_are_utc extra_fields_kept "
    "exception_is_one_line level_is_configurable flushes_before_exit survives_bad_values",
    "log_rotation": "logs_are_bounded three_files labels_are_attached",
    "central_logging": "records_arrive tag_is_set service_survives_lost_collector",
    "production_image": "builds multi_stage size_within_budget process_not_root code_not_writable "
    "no_secret_in_layers becomes_healthy stops_on_sigterm logs_unbuffered labels_present "
    "runs_readonly rebuild_uses_cache",
    "release_workflow": "valid_workflow pushes_on_main_when_all_green no_push_when_scan_fails "
    "no_push_when_tests_fail no_push_on_pull_request scans_what_it_pushes actions_are_pinned "
    "least_privilege secrets_not_printed",
    "production_service": "non_root minimal_base vulnerability_free health_check restart_policy "
    "graceful_shutdown resource_limits structured_logging no_secrets multi_stage",
}
"""The ids of exercises and checks are promised to everyone who grades with them."""


def test_ids_are_the_promised_ones() -> None:
    """In their order, and no exercise beside them."""
    found = {
        exercise.id: [check.id for check in exercise.checks if not check.advice]
        for exercise in EXERCISES
    }
    assert found == {name: checks.split() for name, checks in CONTRACT.items()}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_every_exercise_is_whole(exercise: Exercise) -> None:
    """Starter, solution, texts, hints and variants are there, and nothing that is nobody's."""
    assert list(audit.of_exercise(exercise)) == []


def test_pytest_collects_what_is_declared() -> None:
    """In its order, in each module."""
    modules = [str(exercise.checks_path) for exercise in EXERCISES]
    done = subprocess.run(
        [sys.executable, *COLLECT, *modules],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    collected = [line.rpartition("::test_")[2] for line in done.stdout.splitlines() if "::" in line]
    assert collected == [check.id for exercise in EXERCISES for check in exercise.checks]


def test_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UsageError, match="did you mean memory_limit"):
        catalog.find("memory_limits")


def test_section_may_stand_before_the_name() -> None:
    assert catalog.find("01_security/nonroot_user").id == "nonroot_user"


def test_docstring_is_split_into_title_and_reason() -> None:
    split = checkspec.split_docstring("A fact.\n\nIt matters\nmuch.")
    assert split == ("A fact", "It matters much.")


def test_course_goes_on_as_its_notebooks_do() -> None:
    """What progress() names next is what stands next on the page."""
    cells = [
        "".join(cell["source"]).strip()
        for path in sorted(project.NOTEBOOKS.glob("*.ipynb"))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]
    graded = [cell.removeprefix('grade("').removesuffix('")') for cell in cells if "grade(" in cell]
    assert [exercise.id for exercise in EXERCISES] == graded


@pytest.mark.slow
def test_checks_are_read_by_several_threads_at_once() -> None:
    """As `./lab grade` reads them, also where a collection of garbage lets another thread on."""
    paths = [exercise.checks_path for exercise in catalog.discover().values()]
    once = [checkspec.read(path) for path in paths]
    gc.callbacks.append(yielding)
    before = gc.get_threshold()
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(checkspec.read, paths * 20)) == once * 20
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(yielding)


def yielding(phase: str, about: dict[str, int]) -> None:
    """Let another thread on."""
    time.sleep(0)
