"""The lab's commands in a real kernel, without a browser: what lands in the notebook's outputs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

from grader.exercise import catalog, project
from grader.notebook import question

Outputs = list[Any]
Run = Callable[[str], list[Any]]

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernel")


@contextmanager
def kernel(folder: Path, **variables: str) -> Iterator[Run]:
    """Runs one cell in a kernel that has loaded the extension; returns its outputs."""
    notebook = nbformat.v4.new_notebook()
    client = NotebookClient(notebook, kernel_name="python3", allow_errors=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(project.ROOT),
        "DRYDOCK_WORKSPACE": str(folder / "workspace"),
        "DRYDOCK_STATE": str(folder / "state"),
        **variables,
    }

    def execute(source: str) -> Outputs:
        cell = nbformat.v4.new_code_cell(source)
        notebook.cells.append(cell)
        client.execute_cell(cell, len(notebook.cells) - 1)
        return list(cell.outputs)

    with client.setup_kernel(env=environment):
        assert execute("%load_ext grader") == []
        yield execute


@pytest.fixture(scope="module")
def run(folder: Path) -> Iterator[Run]:
    with kernel(folder) as execute:
        yield execute


def text(outputs: Outputs) -> str:
    return "\n".join(output.get("data", {}).get("text/plain", "") for output in outputs)


def result(outputs: Outputs) -> dict[str, str]:
    """The data of the one result, which is what nbgrader looks at."""
    (found,) = [output for output in outputs if output.output_type == "execute_result"]
    return dict(found["data"])


def assert_quiet(outputs: Outputs) -> None:
    """Neither a traceback nor anything on stderr or stdout."""
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}


def test_answer_is_saved_as_the_submission_reader_reads_it(run: Run, folder: Path) -> None:
    outputs = run("%%answer nonroot_user Dockerfile\nFROM python:3.11-slim\nENV A={x} $HOME")
    assert_quiet(outputs)
    saved = 'Dockerfile saved (2 lines); run grade("nonroot_user") to see what it does.'
    assert text(outputs) == saved
    written = folder / "workspace" / "nonroot_user" / "Dockerfile"
    assert written.read_text() == "FROM python:3.11-slim\nENV A={x} $HOME\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%answer nonroot_usr Dockerfile\nFROM x", "did you mean nonroot_user?"),
        ("%%answer nonroot_user dockerfile\nFROM x", "did you mean Dockerfile?"),
        ("%%answer nonroot_user app.py\nx", "can't be replaced"),
        ("%%answer nonroot_user /etc/passwd\nx", "points outside the exercise"),
        ("%%answer nonroot_user ../Dockerfile\nx", "points outside the exercise"),
        ("%%answer nonroot_user notes.txt\nx", "no answer file"),
        ("%%answer nonroot_user\nx", "%%answer EXERCISE FILE"),
        ('quiz("securty")', "did you mean 'security'?"),
        ('hint("nonroot_usr")', "did you mean nonroot_user?"),
    ],
)
def test_slip_of_the_pen_is_answered_in_a_box(run: Run, cell: str, said: str) -> None:
    """What is wrong and what would be right; no traceback, nothing on stderr."""
    outputs = run(cell)
    assert_quiet(outputs)
    assert said in text(outputs)
    assert "text/html" in outputs[0]["data"]


@pytest.mark.parametrize("exercise", ["nonroot_usr", "", "../x"])
def test_unknown_exercise_is_zero_points_with_a_reason(run: Run, exercise: str) -> None:
    outputs = run(f"grade({exercise!r})")
    assert_quiet(outputs)
    assert result(outputs)["text/plain"] == "0.0"
    assert "not graded" in result(outputs)["text/html"]


def test_solution_scores_all_points(run: Run) -> None:
    """The whole way on the real engine; the number stands alone for nbgrader."""
    exercise = catalog.find("nonroot_user")
    run(f"%%answer nonroot_user Dockerfile\n{exercise.solved['Dockerfile']}")
    outputs = run('grade("nonroot_user")')
    assert_quiet(outputs)
    points = exercise.max_points
    assert result(outputs)["text/plain"] == str(points)
    assert f"{points:g} of {points:g} points" in result(outputs)["text/html"]


def test_unreachable_engine_is_no_grade(tmp_path: Path) -> None:
    """A fault of the lab: 0.0 for nbgrader, "not graded" for the person, no traceback."""
    with kernel(tmp_path, DOCKER_HOST="unix:///nowhere.sock") as run:
        run("%%answer nonroot_user Dockerfile\nFROM python:3.11-slim")
        outputs = run('grade("nonroot_user")')
    assert_quiet(outputs)
    assert result(outputs)["text/plain"] == "0.0"
    assert "Not graded: nothing was scored." in result(outputs)["text/html"]


def test_progress_display_is_gone_when_the_card_is_there(run: Run) -> None:
    """A saved notebook holds no "grading…" that never ends."""
    outputs = run('grade("nonroot_user")')
    html = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    assert html.count("<progress") == 1
    assert "aria-busy" not in html


def test_interrupt_is_one_line_and_stops_the_notebook(run: Run) -> None:
    """An error output, so that "run all" stops and nbgrader gives no points, but no traceback."""
    run("%%answer nonroot_user Dockerfile\nFROM python:3.11-slim\n# graded by nobody before\n")
    outputs = run(
        "import signal, threading\n"
        "threading.Timer(0.3, signal.raise_signal, (signal.SIGINT,)).start()\n"
        'grade("nonroot_user")'
    )
    errors = [output for output in outputs if output.output_type == "error"]
    assert ["\n".join(error.traceback) for error in errors] == [
        "Grading was stopped. Nothing was scored; run the cell again when you like."
    ]


def test_help_comes_step_by_step(tmp_path: Path) -> None:
    """Hints one at a time; a solution asks first while nothing has been tried; a reset keeps."""
    with kernel(tmp_path) as run:
        first, second = (text(run('hint("nonroot_user")')) for _ in range(2))
        assert first.startswith("Hint 1 of ")
        assert second.startswith("Hint 2 of ")
        assert "sure=True" in text(run('solution("nonroot_user")'))
        solved = catalog.find("nonroot_user").solved["Dockerfile"]
        assert solved.strip() in text(run('solution("nonroot_user", sure=True)'))
        run("%%answer nonroot_user Dockerfile\nFROM mine")
        assert "kept in" in text(run('reset("nonroot_user")'))
        starter = (tmp_path / "workspace" / "nonroot_user" / "Dockerfile").read_text()
        assert starter == catalog.find("nonroot_user").starter["Dockerfile"]
        (kept,) = (tmp_path / "workspace").rglob(".old/*/Dockerfile")
        assert kept.read_text() == "FROM mine\n"


def test_progress_knows_points_tries_and_quizzes(run: Run) -> None:
    outputs = run("progress()")
    assert_quiet(outputs)
    shown = result(outputs)["text/plain"]
    assert "01_security" in shown
    assert "6 of 6 points" in shown
    asked = len(question.find("security").questions)
    assert f"0 of {asked} answered" in shown


def test_state_that_cannot_be_written_costs_no_points(tmp_path: Path) -> None:
    """The store's complaint on stderr would be 0 points in nbgrader."""
    (tmp_path / "state").write_text("a file where the folder should be")
    with kernel(tmp_path) as run:
        solved = catalog.find("nonroot_user").solved["Dockerfile"]
        run(f"%%answer nonroot_user Dockerfile\n{solved}")
        outputs = run('grade("nonroot_user")')
    assert_quiet(outputs)
    assert result(outputs)["text/plain"] == "6.0"
    assert "can't be kept" in text(outputs)


def test_kernel_ends_by_itself(tmp_path: Path) -> None:
    """A restart doesn't wait for processes of ours until the kernel is killed."""
    ended = tmp_path / "ended"
    manager = KernelManager(kernel_name="python3", shutdown_wait_time=20.0)
    manager.start_kernel(env={**os.environ, "PYTHONPATH": str(project.ROOT)})
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready()
    client.execute_interactive(f"import atexit; atexit.register(open, {str(ended)!r}, 'w')")
    client.execute_interactive("%load_ext grader")
    client.stop_channels()
    manager.shutdown_kernel()
    assert ended.exists()
