"""Programs that a runner doesn't have until a script puts them there, by the commands that do."""

from __future__ import annotations

import re

from grader.stage import Call, Reply
from grader.workflow import option

TOOLS = option.words(
    "trivy grype syft cosign snyk crane regctl oras pytest hadolint flake8 ruff black mypy poetry "
    "uv tox nox bandit safety doctl gcloud just task dive dockle semgrep detect-secrets isort "
    "pylint coverage pre-commit pip-audit pdm hatch"
)
"""Tools that installers name; a hosted runner has none of them:
https://github.com/actions/runner-images/blob/main/images/ubuntu/Ubuntu2404-Readme.md (2026-11)."""
_INSTALLERS = {
    "pip": "install",
    "pip3": "install",
    "pipx": "install",
    "apt-get": "install",
    "apt": "install",
    "snap": "install",
    "brew": "install",
    "npm": "(install|i|add)",
    "go": "install",
    "cargo": "install",
    "gem": "install",
    "dpkg": "-i",
}
_NAMED = re.compile(rf"(?<![\w-])({'|'.join(sorted(TOOLS, key=len, reverse=True))})(?![\w-])")
_SCRIPT = "#!/bin/sh\nlab-install {}\n"


def run(words: list[str], call: Call) -> Reply | None:
    """What an installer or a download does; None for anything else that is only known to GitHub."""
    text = " ".join(words)
    name = words[0]
    if name == "lab-install":
        return Reply(install=tuple(sorted(TOOLS & set(words[1:]))))
    if name in _INSTALLERS and re.search(rf"\s{_INSTALLERS[name]}(\s|$)", text):
        found = set(_NAMED.findall(text))
        for file in option.read(words[1:], frozenset()).all("-r", "--requirement"):
            found |= set(_NAMED.findall((call.read(file) or b"").decode("utf-8", "replace")))
        return Reply(install=tuple(sorted(found)))
    if name in ("curl", "wget"):
        return _download(words, text)
    return None


def _download(words: list[str], text: str) -> Reply | None:
    """An install script of a known tool installs it when it is run."""
    if not (named := _NAMED.findall(text)) or "install" not in text:
        return None
    options = option.read(words[1:], option.words("-s -S -f -L -q -k --fail --silent --location"))
    script = _SCRIPT.format(" ".join(dict.fromkeys(named)))
    target = options.get("-o", "--output", "-O") if words[0] == "curl" else options.get("-O")
    return Reply(files={target: script}) if target not in ("", "-") else Reply(out=script)
