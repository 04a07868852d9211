"""What a class came to, written down: pages, tables, JUnit XML, gradebooks.

Everything that a submission or a folder's name brought is escaped here; no page asks for anything
from outside.
"""

from __future__ import annotations

from grader.reports.pages import write as write_pages
from grader.reports.table import write as write_table
from grader.reports.xml import write as write_junit

__all__ = ["table", "write_junit", "write_pages", "write_table"]
