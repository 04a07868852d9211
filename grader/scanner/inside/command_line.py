"""trivy's command line: its options, where they may stand, and the environment that sets them."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

SEVERITIES = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")
FORMATS = ("table", "json", "template", "sarif", "cyclonedx", "spdx", "spdx-json", "github")
CHOICES = {
    "severity": SEVERITIES,
    "scanners": ("vuln", "misconfig", "secret", "license", "crypto"),
    "pkg-types": ("os", "library"),
    "format": (*FORMATS, "cosign-vuln"),
}
SHORT = {"s": "severity", "f": "format", "o": "output", "t": "template", "c": "config"}
SHORT |= {"q": "quiet", "d": "debug", "h": "help", "v": "version"}
DEPRECATED = {
    "vuln-type": "pkg-types",
    "security-checks": "scanners",
    "skip-update": "skip-db-update",
}
REMOVED = {"reset": "trivy clean --all", "clear-cache": "trivy clean --scan-cache"}

_LISTS = """severity scanners pkg-types ignore-status skip-dirs skip-files db-repository
java-db-repository image-src image-config-scanners misconfig-scanners pkg-relationships vex
table-mode sbom-sources file-patterns username password custom-headers config-check config-data
check-namespaces enable-modules ignored-licenses vuln-severity-source output-plugin-arg helm-set
helm-set-file helm-set-string helm-values helm-api-versions tf-vars ansible-inventory
ansible-playbook ansible-extra-vars config-file-schemas raw-config-scanners render-cause"""
_TEXTS = """format output template config cache-dir cache-backend redis-ca redis-cert redis-key
docker-host podman-host input max-image-size platform server token token-header registry-token
report compliance ignorefile ignore-policy secret-config detection-priority distro rekor-url
module-dir checks-bundle-repository helm-kube-version cacert timeout cache-ttl
license-confidence-level"""
_NUMBERS = "exit-code exit-on-eol parallel rego-error-limit"
_SWITCHES = """quiet debug help version insecure generate-default-config ignore-unfixed no-progress
skip-db-update skip-java-db-update download-db-only download-java-db-only offline-scan
list-all-pkgs dependency-tree show-suppressed removed-pkgs license-full include-non-failures
include-deprecated-checks skip-check-update trace-rego skip-version-check disable-telemetry
skip-vex-repo-update redis-tls password-stdin tf-exclude-downloaded-modules light"""
KINDS = {
    name: kind
    for kind, names in (
        ("list", _LISTS),
        ("text", _TEXTS),
        ("number", _NUMBERS),
        ("switch", _SWITCHES),
    )
    for name in names.split()
}
_CONVERT_LACKS = frozenset(
    {"ignore-unfixed", "ignore-status", "skip-db-update", "pkg-types", "input", "no-progress"}
)


class UsageError(Exception):
    """trivy can't make sense of the command line; ``usage`` where it shows how it is meant."""

    def __init__(self, message: str, *, usage: bool = False) -> None:
        super().__init__(message)
        self.usage = usage


class CommandLine:
    """A command, what it is to look at, and the options. (A dataclass costs each start 20 ms.)"""

    def __init__(self) -> None:
        self.command = ""
        self.targets: list[str] = []
        self.options: dict[str, Any] = {}
        self.warnings: list[str] = []

    def get(self, name: str, default: Any = None) -> Any:
        return self.options.get(name, default)


def read(words: Sequence[str], environment: Mapping[str, str] = os.environ) -> CommandLine:
    """Understand the words after ``trivy``. Raises UsageError."""
    line = CommandLine()
    rest, positional = list(words), list[str]()
    while rest:
        word = rest.pop(0)
        if word == "--":
            positional += rest
            break
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            _take(line, name, value if equals else None, rest)
        elif word.startswith("-") and len(word) > 1:
            _take_short(line, word, rest)
        else:
            positional.append(word)
    line.command, line.targets = (positional or [""])[0], positional[1:]
    if line.command == "convert" and (found := _CONVERT_LACKS & line.options.keys()):
        raise UsageError(f"unknown flag: --{min(found)}", usage=True)
    _from_environment(line, environment)
    _judge_choices(line)
    return line


def _take_short(line: CommandLine, word: str, rest: list[str]) -> None:
    """One dash and letters: switches first, then one option with its value."""
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter not in SHORT:
            raise UsageError(f"unknown shorthand flag: {letter!r} in {word}", usage=True)
        name = SHORT[letter]
        if KINDS[name] == "switch":
            line.options[name] = True
            continue
        _take(line, name, letters.removeprefix("=") if letters else None, rest)
        return


def _take(line: CommandLine, name: str, value: str | None, rest: list[str]) -> None:
    if name in REMOVED:
        raise UsageError(f'removed flag ("--{name}"): use "{REMOVED[name]}" instead')
    if name in DEPRECATED:
        line.warnings.append(f"'--{name}' is deprecated. Use '--{DEPRECATED[name]}' instead.")
        name = DEPRECATED[name]
    if name not in KINDS:
        raise UsageError(f"unknown flag: --{name}", usage=True)
    kind = KINDS[name]
    if kind == "switch":
        line.options[name] = True if value is None else _switch(name, value)
        return
    if value is None:
        if not rest:
            raise UsageError(f"flag needs an argument: --{name}", usage=True)
        value = rest.pop(0)
    if kind == "list":
        line.options[name] = line.options.get(name, []) + _split(value)
    elif kind == "number":
        line.options[name] = _number(name, value)
    else:
        line.options[name] = value


def _from_environment(line: CommandLine, environment: Mapping[str, str]) -> None:
    """TRIVY_SEVERITY and the like: below the command line; trivy takes what it can't read as 0."""
    readers: dict[str, Callable[[str], Any]] = {
        "list": _split,
        "text": str,
        "number": lambda value: int(value) if value.lstrip("-").isdigit() else 0,
        "switch": lambda value: value.lower() in ("1", "t", "true"),
    }
    for name, kind in KINDS.items():
        value = environment.get("TRIVY_" + name.replace("-", "_").upper())
        if value and name not in line.options:
            line.options[name] = readers[kind](value)


def _judge_choices(line: CommandLine) -> None:
    for name, allowed in CHOICES.items():
        given = line.options.get(name, [])
        values = [given] if isinstance(given, str) else given
        if not set(values) <= set(allowed):
            shown = given if isinstance(given, str) else f"[{' '.join(values)}]"
            listed = " ".join(f'"{choice}"' for choice in allowed)
            raise UsageError(
                "flag error: unable to parse flags: unable to parse flag: invalid argument "
                f'"{shown}" for "--{name}" flag: must be one of [{listed}]'
            )


def _split(value: str) -> list[str]:
    return value.split(",") if value else []


def _switch(name: str, value: str) -> bool:
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    problem = f'strconv.ParseBool: parsing "{value}": invalid syntax'
    raise UsageError(f'invalid argument "{value}" for "--{name}" flag: {problem}', usage=True)


def _number(name: str, value: str) -> int:
    try:
        return int(value, 10)
    except ValueError:
        problem = f'strconv.ParseInt: parsing "{value}": invalid syntax'
        raise UsageError(
            f'invalid argument "{value}" for "--{name}" flag: {problem}', usage=True
        ) from None
