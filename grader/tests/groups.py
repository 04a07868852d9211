"""Which tests can't run beside each other, when several run at once.

xdist's own groups (``xdist_group``) have no effect with pytest 9.2, which no longer lets a plugin
change a test's id (seen with xdist 3.8.0), so the groups are told by path.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

TOGETHER = {
    r"/notebook/test_browser\.py|/reports/test_reports\.py.*browser": "one JupyterLab and browser",
    r"/notebook/test_kernel\.py": "one kernel",
    r"/notebook/test_run_through\.py": "notebooks wait for what they show, and others can work",
    r"/test_solutions\.py": "the container that receipts call web, and its port",
    r"/(grading/test_engine_faults|batch/test_cluster|batch/test_grade|errata/test_policies)\.py": (
        "a second engine"
    ),
    r"/engine/test_stores\.py": "a second engine, with containerd's store",
    r"/judging/scenes/": "containers whose times are looked at",
    r"/desk/": "one course with a graded class",
    r"/author/": "one copy of the project",
}


class Groups(LoadScopeScheduling):
    """Tests of a group go to one process, one after the other; larger groups begin first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for path, group in TOGETHER.items() if re.search(path, nodeid)), nodeid)
