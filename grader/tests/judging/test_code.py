"""Whether a process can change the code that it runs: owners, groups, folders, sticky bits."""

from __future__ import annotations

import pytest

from grader.judging import code
from grader.probe.layers import Entry, Layers
from grader.tests.judging.process import process

LAYERS = Layers("sha256:0", "", 0, (), ())


def tree(*entries: tuple[str, int, int, int]) -> dict[str, Entry]:
    """(path, mode, uid, gid) of each; a path with a dot is a file."""
    return {
        path: Entry(path, "file" if "." in path else "folder", mode, uid, gid, 1, "", 0)
        for path, mode, uid, gid in entries
    }


SOUND = (("/app", 0o755, 0, 0), ("/app/app.py", 0o644, 0, 0))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ((SOUND[0], ("/app/app.py", 0o644, 7, 0)), "can change /app/app.py"),
        ((SOUND[0], ("/app/app.py", 0o444, 7, 0)), "can change /app/app.py"),
        ((SOUND[0], ("/app/app.py", 0o664, 0, 8)), "can change /app/app.py"),
        ((SOUND[0], ("/app/app.py", 0o666, 0, 0)), "can change /app/app.py"),
        ((("/app", 0o755, 7, 0), SOUND[1]), "can replace /app/app.py"),
        ((("/app", 0o777, 0, 0), SOUND[1]), "can replace /app/app.py"),
        ((("/h", 0o755, 7, 0), ("/h/a", 0o755, 0, 0), ("/h/a/app.py", 0o644, 0, 0)), "to /h:"),
        ((*SOUND, ("/lib", 0o755, 0, 0), ("/lib/x.so", 0o755, 7, 0)), "can change /lib/x.so"),
        ((*SOUND, ("/lib", 0o755, 7, 0), ("/lib/x.py", 0o644, 0, 0)), "can replace /lib/x.py"),
    ],
    ids=["owner", "owner-readonly", "group", "world", "folder", "open", "above", "so", "package"],
)
def test_what_can_be_changed_is_named(
    entries: tuple[tuple[str, int, int, int], ...], message: str
) -> None:
    """Each way to change code has to be seen, and named."""
    with pytest.raises(AssertionError, match=message):
        code.assert_not_writable([process(7, 7, 8)], LAYERS, tree(*entries), "app.py")


@pytest.mark.parametrize(
    "entries",
    [
        SOUND,
        (*SOUND, ("/app/logs", 0o755, 7, 7)),
        (("/tmp", 0o1777, 0, 0), ("/tmp/app.py", 0o644, 0, 0)),
        (*SOUND, ("/h", 0o755, 7, 7), ("/h/lib", 0o755, 0, 0), ("/h/lib/x.py", 0o644, 0, 0)),
    ],
    ids=["of-root", "folder-for-logs", "sticky", "packages-in-a-home"],
)
def test_what_is_out_of_reach_passes(entries: tuple[tuple[str, int, int, int], ...]) -> None:
    """A folder for data is no code, and nobody replaces another's file in a sticky folder."""
    code.assert_not_writable([process(7, 7, 8)], LAYERS, tree(*entries), "app.py")


def test_root_may_change_everything() -> None:
    """Permissions don't hold root back."""
    with pytest.raises(AssertionError, match="uid 0"):
        code.assert_not_writable([process(0, 0)], LAYERS, tree(*SOUND), "app.py")
