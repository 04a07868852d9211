"""A ``run`` step: its environment and command files, and the shell that GitHub gives it.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from grader.stage import PATH, Ended, Script, content, file
from grader.verdict.outcome import NotInLab
from grader.workflow import growth, option, question
from grader.workflow.machine import Machine
from grader.workflow.model import Step
from grader.workflow.rehearsal import Rehearsal
from grader.workflow.trigger import Event
from grader.workflow.value import as_text, to_json

WORKSPACE = "/home/runner/work/scorer/scorer"
TEMP = "/home/runner/work/_temp"
_COMMANDS = f"{TEMP}/_runner_file_commands"
_FILES = {
    "GITHUB_OUTPUT": f"{_COMMANDS}/set_output",
    "GITHUB_ENV": f"{_COMMANDS}/set_env",
    "GITHUB_PATH": f"{_COMMANDS}/add_path",
    "GITHUB_STEP_SUMMARY": f"{_COMMANDS}/step_summary",
    "GITHUB_STATE": f"{_COMMANDS}/save_state",
}
_EVENT_FILE = f"{TEMP}/_github_workflow/event.json"
_SHELLS = {
    "": ("bash", "-e", "{0}"),
    "bash": ("bash", "--noprofile", "--norc", "-eo", "pipefail", "{0}"),
    "sh": ("sh", "-e", "{0}"),
    "python": ("python3", "{0}"),
}
_LOOKED_INTO = frozenset({"bash", "sh", "dash", "python", "python3", "perl", "env"})
_SET_OUTPUT = re.compile(r"^::set-output name=([^:]+)::(.*)$", re.M)
_NAMES = option.words(
    "sha ref ref_name ref_type head_ref base_ref event_name repository repository_owner actor "
    "triggering_actor run_id run_number run_attempt server_url api_url workspace workflow job"
)
_LISTS_ALL = re.compile(
    r"\b(env|printenv|export|declare|typeset|set|compgen|environ|getenv)\b|\$\{!"
)
_ABSENT = re.compile("No such file|not importable|can't open|cannot access|no such")
MAX_ROUNDS = 6
MAX_FAILING = 4


@dataclass(frozen=True)
class Scripted:
    """What a script came to. Texts have marks for what isn't known."""

    went: bool
    outputs: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    printed: str = ""
    """As it is, without marks: the log, with the summary of the step behind it."""
    trace: str = ""


def run(
    rehearsal: Rehearsal,
    machine: Machine,
    source: str,
    environment: Mapping[str, str],
    folder: str,
) -> Scripted:
    """Run a step's script. Raises NotInLab for one that the lab can't follow."""
    step = machine.step
    shell = _SHELLS.get(step.shell) or tuple(step.shell.split())
    if posixpath.basename(shell[0]) not in _LOOKED_INTO or "{0}" not in shell:
        machine.note(f"a script for {shell[0][:20]}, which the lab doesn't look into")
        return Scripted(True)
    ended = _decided(rehearsal, machine, source, shell, environment, folder)
    if ended.trouble and ended.code != 126:
        raise NotInLab(f"The script of {step} {ended.trouble}. Nothing was scored.")
    if ended.trouble:
        machine.note(f"its shell can't be started in {folder}: {ended.trouble}")
    back = rehearsal.concrete.back
    told = {key: back(_text(ended, path)) for key, path in _FILES.items()}
    growth.check(growth.MAX_TEXT - sum(map(len, told.values())))
    outputs = {name: back(value) for name, value in _SET_OUTPUT.findall(ended.printed)}
    exported = pairs(told["GITHUB_ENV"])
    if paths := told["GITHUB_PATH"].split():
        before = exported.get("PATH") or environment.get("PATH") or PATH
        exported["PATH"] = ":".join([*reversed(paths), before])
    machine.files = {
        path: node
        for path, node in ended.files.items()
        if not path.startswith((_COMMANDS, posixpath.dirname(_EVENT_FILE)))
    }
    machine.tools = ended.tools
    if ended.code and not ended.trouble:
        _explain(machine, ended, back)
    if ended.code and machine.unknown:
        machine.world.unfamiliar.add(f"`{machine.unknown[-1]}`")
    printed = ended.printed + _text(ended, _FILES["GITHUB_STEP_SUMMARY"])
    return Scripted(
        ended.code == 0, outputs | pairs(told["GITHUB_OUTPUT"]), exported, printed, ended.trace
    )


def _explain(machine: Machine, ended: Ended, back: Callable[[str], str]) -> None:
    """Say what a failing script said last, or what it lacked."""
    if f"{WORKSPACE}/.git" not in machine.files and _ABSENT.search(ended.printed):
        machine.note(
            "the work folder is empty: no earlier step of this job checks the repository out"
        )
    ran = [doing.words for doing in machine.world.doings if doing.step is machine.step]
    if _ABSENT.search(ended.printed) and ran and ran[-1][1:2] in (("run",), ("exec",)):
        machine.note("the image holds app.py and model.json; what isn't in it has to be mounted")
    lines = [line.strip() for line in ended.printed.splitlines() if re.search(r"\w", line)]
    last = f": {back(lines[-1])[:120]}" if lines else ""
    last = re.sub(r"/stage/run/step.sh: |\d{4}-\S+Z\tFATAL\t", "", last)
    machine.note(f"its script ended with exit code {ended.code}{last}")


def _decided(
    rehearsal: Rehearsal,
    machine: Machine,
    source: str,
    shell: tuple[str, ...],
    environment: Mapping[str, str],
    folder: str,
) -> Ended:
    """How the script ends where unknown values and programs are as ``choose`` has it."""
    before = machine.save()
    values: dict[str, str] = {}
    fails: frozenset[int] = frozenset()
    tried: set[int] = set()

    environment = _named(source, environment)
    extra = dict.fromkeys(_FILES.values(), file(b""))
    if "GITHUB_EVENT_PATH" in environment:
        said = rehearsal.concrete.out(to_json(machine.world.event.github["event"]))
        extra[_EVENT_FILE] = file(said.encode())

    def play(failing: frozenset[int]) -> Ended:
        machine.restore(before)
        out = rehearsal.concrete.out
        script = Script(
            out(source, values),
            shell,
            {key: out(value, values) for key, value in environment.items()},
            out(folder, values),
            machine.files | extra,
            machine.tools,
        )
        return rehearsal.run(machine, script, failing)

    ended = play(fails)
    for _ in range(MAX_ROUNDS):
        script = rehearsal.concrete.out(source, values)
        fresh = [
            each
            for each in question.asked(ended.trace, script, rehearsal.concrete)
            if each.name not in values
        ]
        if fresh:
            asked = fresh[0]
            is_it = asked.chosen or machine.world.choose(
                f"{asked.text} holds for {asked.value or 'nothing'}"
            )
            values[asked.name] = asked.value if is_it else rehearsal.concrete.word(asked.name)
            ended = play(fails)
            continue
        number = next((i for i in range(len(machine.unknown)) if i not in tried), MAX_FAILING)
        if number >= MAX_FAILING:
            break
        tried.add(number)
        call, went = machine.unknown[number], _came(machine, before, ended)
        other = play(fails | {number})
        came = _came(machine, before, other)
        matters = came[1] != went[1] if other.code == 0 else not set(came[1]) <= set(went[1])
        if matters and not machine.world.choose(f"`{call}` succeeds"):
            fails |= {number}
        ended = play(fails)
    return ended


def _came(machine: Machine, before: Mapping[str, object], ended: Ended) -> tuple[int, list[object]]:
    world = before["world"]
    assert isinstance(world, dict)
    since = machine.world.effects[len(world["effects"]) :]
    return ended.code, [(each.kind, each.image, each.name) for each in since]


def _text(ended: Ended, path: str) -> str:
    return (content(ended.files.get(path)) or b"").decode("utf-8", "replace")


def pairs(text: str) -> dict[str, str]:
    """What a script wrote into GITHUB_OUTPUT or GITHUB_ENV."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        name, _, value = line.partition("=")
        start, sign, delimiter = line.partition("<<")
        if sign and "=" not in start:
            end = lines.index(delimiter) if delimiter in lines else len(lines)
            found[start] = "\n".join(lines[:end])
            del lines[: end + 1]
        elif name:
            found[name.strip()] = value
    return found


def environment(event: Event, job: str) -> dict[str, str]:
    """The variables that a runner sets by itself."""
    github = {**event.github, "workspace": WORKSPACE, "job": job}
    found = {f"GITHUB_{name.upper()}": as_text(github.get(name)) for name in _NAMES}
    return {
        **found,
        **_FILES,
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": _EVENT_FILE,
        "RUNNER_TEMP": TEMP,
        "RUNNER_OS": "Linux",
        "RUNNER_ARCH": "X64",
        "RUNNER_TOOL_CACHE": "/opt/hostedtoolcache",
        "HOME": "/home/runner",
        "USER": "runner",
        "LANG": "C.UTF-8",
        "CI": "true",
    }


def _named(source: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a script is given: of those that say what happened only the ones that it
    names, unless it may list them all. So it runs once for all events that look the same to it."""
    if _LISTS_ALL.search(source):
        return dict(environment)
    said = {name for name in environment if name.startswith("GITHUB_")} - set(_FILES)
    said -= {"GITHUB_WORKSPACE", "GITHUB_ACTIONS"}
    text = " ".join([source, *(value for name, value in environment.items() if name not in said)])
    return {name: value for name, value in environment.items() if name not in said or name in text}


FOLDERS = {WORKSPACE: ("d",), TEMP: ("d",)}
"""What a runner has before its first step."""


def step_folder(step: Step, text: str) -> str:
    """The folder that a step works in."""
    return posixpath.normpath(posixpath.join(WORKSPACE, text or step.folder))
