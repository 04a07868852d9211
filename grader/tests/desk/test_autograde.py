"""``./lab nbgrader autograde``: whatever a notebook went through, its grade is the answer's."""

from __future__ import annotations

import json

import pytest

from grader.desk.folder import find
from grader.tests import leftover
from grader.tests.desk.classroom import ASSIGNMENT, EXERCISE
from grader.tests.desk.conftest import Class

pytestmark = [pytest.mark.slow]
MOST = EXERCISE.max_points


@pytest.mark.parametrize(
    ("student", "score"),
    [
        pytest.param("ada", MOST, id="stderr and large outputs of the student's are harmless"),
        pytest.param("bob", 0, id="a notebook as released earns nothing"),
        pytest.param("cy", MOST, id="a renamed notebook is recognised"),
        pytest.param("dan", MOST, id="lost metadata is recovered through cell ids"),
        pytest.param("fay", MOST, id="a deleted grade cell is put back"),
        pytest.param("kim", MOST, id="lost metadata and ids are recovered through the answer"),
        pytest.param("lea", MOST, id="a notebook renamed in submitted is recognised"),
    ],
)
def test_grade_is_that_of_the_answer(graded: Class, student: str, score: float) -> None:
    assert graded.marked[student]["problem"] == ""
    assert graded.marked[student]["score"] == score
    grade = graded.grade(student)
    assert (grade["auto_score"], grade["max_score"]) == (score, MOST)
    assert not grade["needs_manual_grade"]


def test_forged_points_outputs_and_cells_earn_what_the_answer_earns(graded: Class) -> None:
    grade = graded.grade("eve")
    assert grade["max_score"] == MOST
    assert 0 < grade["auto_score"] < MOST
    assert graded.marked["eve"]["passed"] is False


def test_nothing_of_a_notebook_runs_on_the_host(graded: Class) -> None:
    """Code cells, hooks, kernels that a notebook names: all of it is text."""
    assert graded.marked["eve"]["problem"] == ""
    assert not graded.canary.exists()


@pytest.mark.parametrize(
    ("student", "says"),
    [
        ("gus", "can't be read as a notebook"),
        ("hal", "can't be read as a notebook"),
        ("ned", "can't be read as a notebook"),
        ("ivy", "at most 64 MB"),
    ],
)
def test_broken_notebook_is_named_and_leaves_no_trace(
    graded: Class, student: str, says: str
) -> None:
    """Nothing half-written in the gradebook, and nobody else is disturbed."""
    assert says in graded.marked[student]["problem"]
    with graded.course.gradebook() as gradebook:
        assert student not in {each.id for each in gradebook.students}
    assert not graded.page(student).exists()
    assert graded.done.code == 3


def test_time_that_is_none_is_set_aside_and_noted(graded: Class) -> None:
    """Left there, Formgrader could list nobody's submission."""
    assert graded.marked["tim"]["score"] == EXERCISE.max_points
    assert "holds no time" in " ".join(graded.marked["tim"]["notes"])


def test_notebook_of_another_kind_earns_nothing(graded: Class) -> None:
    """It has the right name and not one cell of the assignment: all answers are missing."""
    assert graded.marked["zed"]["score"] == 0
    assert "put back" in " ".join(graded.marked["zed"]["notes"])


def test_notes_say_what_was_mended(graded: Class) -> None:
    notes = {who: " ".join(line["notes"]) for who, line in graded.marked.items()}
    assert "mine.ipynb is small.ipynb by its cells" in notes["lea"]
    assert f"answer-{EXERCISE.id}-Dockerfile" in notes["dan"]
    assert "is recovered" in notes["dan"]
    assert f"grade-{EXERCISE.id} was missing" in notes["fay"]
    assert "locked cell" in notes["eve"]
    assert notes["ada"] == notes["bob"] == ""


def test_graded_notebook_holds_the_students_text_and_no_outputs(graded: Class) -> None:
    """What Formgrader and feedback show is made of released cells, answers and plain text."""
    text = graded.page("ada").read_text()
    assert "xxxxxxxx" not in text
    assert "a warning" not in text
    for cell in json.loads(text)["cells"]:
        if cell["id"].startswith("own-") and cell["cell_type"] == "markdown":
            assert "".join(cell["source"]) == "```text\n<script>mine</script>\n```"
        if cell["id"] == f"grade-{EXERCISE.id}":
            [output] = cell["outputs"]
            assert output["data"]["text/plain"] == [repr(float(MOST))]
            assert "drydock-card" in "".join(output["data"]["text/html"])
        elif cell["cell_type"] == "code":
            assert cell["outputs"] == []


def test_files_beside_a_notebook_are_the_instructors_and_links_are_dropped(graded: Class) -> None:
    place = graded.page("lea").parent
    assert (place / "data.txt").read_text() == "the instructor's"
    assert sorted(path.name for path in place.iterdir()) == [
        *("data.txt", "small.ipynb", "timestamp.txt")
    ]


def test_grading_again_changes_nothing_and_keeps_what_a_person_wrote(graded: Class) -> None:
    """Manual scores and comments are the instructor's; nbgrader asks to look at them again."""
    with graded.course.gradebook() as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "bob")
        [grade] = [each for nb in submission.notebooks for each in nb.grades]
        [comment] = [each for nb in submission.notebooks for each in nb.comments]
        grade.manual_score, grade.extra_credit = 2.5, 0.5
        comment.manual_comment = "We spoke about it."
        gradebook.db.commit()
    before = {who: line["score"] for who, line in graded.marked.items() if who != "bob"}
    again = graded.run("autograde", ASSIGNMENT, "--json")
    lines = {line["student"]: line for line in map(json.loads, again.out.splitlines())}
    assert {who: line["score"] for who, line in lines.items() if who != "bob"} == before
    assert lines["bob"]["score"] == 3.0
    grade = graded.grade("bob")
    assert (grade["auto_score"], grade["manual_score"], grade["extra_credit"]) == (0, 2.5, 0.5)
    with graded.course.gradebook() as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, "bob")
        [comment] = [each for nb in submission.notebooks for each in nb.comments]
        assert comment.comment == "We spoke about it."


def test_no_engine_is_no_grade(graded: Class) -> None:
    """The grader's fault: exit code 3, and the gradebook is as before."""
    from grader.tests.cli.lab import lab

    before = graded.grade("ada")
    done = lab(
        *("nbgrader", "autograde", ASSIGNMENT, "--no-cache", "--course", graded.course.root),
        folder=graded.home,
        DOCKER_HOST="tcp://127.0.0.1:9",
    )
    assert done.code == 3
    assert "Traceback" not in done.err
    assert graded.grade("ada") == before


def test_nbgraders_own_command_grades_in_the_sandbox_too(graded: Class) -> None:
    """Formgrader's button and ``nbgrader autograde`` go the same way, by the configuration."""
    from nbgrader.apps import NbGraderAPI

    course = find(graded.course.root)
    api = NbGraderAPI(course.directory, config=course.config)
    done = api.autograde(ASSIGNMENT, "eve")
    assert done["success"], done
    assert graded.grade("eve")["auto_score"] == graded.marked["eve"]["score"]
    assert not graded.canary.exists()


def test_nothing_is_left_behind(graded: Class) -> None:
    assert graded.done
    assert leftover.abandoned() == []
