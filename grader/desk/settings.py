"""What a course's ``nbgrader_config.py`` changes in nbgrader, in one place.

Named by strings, so that nbgrader imports our parts only when it uses them. It holds for
``./lab nbgrader``, for Formgrader's buttons and for nbgrader's own command line alike.
"""

from __future__ import annotations

from typing import Any

RESTORE = "grader.desk.sandbox.RestoreCells"
SANDBOX = "grader.desk.sandbox.GradeInSandbox"
GRADABLE = "grader.desk.sandbox.OnlyGradable"
NO_LINKS = "grader.desk.submitted.drop_links"
_OWN = "nbgrader.preprocessors."


def configure(config: Any) -> None:
    """Put the sandbox in place of nbgrader's ``Execute``, and what belongs to it."""
    # No ClearSolutions: the notebooks hold no solutions, and it would wipe the starters.
    # No InstantiateTests: it starts a kernel.
    config.GenerateAssignment.preprocessors = [
        GRADABLE,
        *(
            _OWN + name
            for name in (
                *("IncludeHeaderFooter", "LockCells", "ClearOutput", "CheckCellMetadata"),
                *("ComputeChecksums", "SaveCells", "ClearHiddenTests", "ClearMarkScheme"),
                *("ComputeChecksums", "CheckCellMetadata"),
            )
        ),
    ]
    config.Autograde.sanitize_preprocessors = [
        RESTORE,
        *(
            _OWN + name
            for name in (
                *("ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells"),
                "CheckCellMetadata",
            )
        ),
    ]
    config.Autograde.autograde_preprocessors = [
        SANDBOX,
        *(_OWN + name for name in ("LimitOutput", "SaveAutoGrades", "AssignLatePenalties")),
        _OWN + "CheckCellMetadata",
    ]
    config.Autograde.pre_convert_hook = NO_LINKS
    config.OverwriteCells.add_missing_cells = True
    config.ExportApp.plugin_class = "grader.desk.export.SafeCsv"
