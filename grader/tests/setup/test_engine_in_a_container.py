"""Where an engine is started inside a container, cgroup version 2 asks for a step more."""

from __future__ import annotations

from pathlib import Path

from grader.setup import engine


def group(root: Path, *, inside: bool) -> Path:
    """The files of a control group, as plain files: the kernel's answers aren't imitated."""
    root.mkdir()
    (root / "cgroup.procs").write_text("1\n42\n")
    (root / "cgroup.controllers").write_text("cpu memory pids\n")
    (root / "cgroup.subtree_control").touch()
    if inside:
        (root / "cgroup.type").write_text("domain\n")
    return root


def test_processes_leave_the_root_that_a_container_sees(tmp_path: Path) -> None:
    """Else the kernel refuses to hand controllers on, and no container inside gets a limit."""
    root = group(tmp_path / "cgroup", inside=True)
    engine.leave_root_of_cgroups(root)
    assert (root / "init" / "cgroup.procs").read_text() == "42"  # a plain file keeps the last
    assert (root / "cgroup.subtree_control").read_text() == "+pids"


def test_a_host_is_left_alone(tmp_path: Path) -> None:
    """The host's own root may hold processes, and they are not ours to move."""
    root = group(tmp_path / "cgroup", inside=False)
    engine.leave_root_of_cgroups(root)
    assert not (root / "init").exists()
