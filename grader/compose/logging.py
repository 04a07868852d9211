"""A service's logging, which the engine does itself: reviewed, since the engine is the host's.

A log driver runs inside the engine. It renders templates, keeps buffers and connects to addresses,
all without the sandbox's limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from grader.engine.sandbox import MIB
from grader.verdict.outcome import LearnerFault

PORT = 24224
"""Where a fluentd collector listens."""

HERE = frozenset({"", "localhost", "127.0.0.1", "0.0.0.0"})  # noqa: S104
MOST_FILES = 1000
MOST_BUFFER = 16 * MIB
MOST_EVENTS = 4096
BOUNDED = {
    "fluentd-max-retries": ("3", re.compile(r"\d+")),
    "fluentd-retry-wait": ("10ms", re.compile(r"(\d+(\.\d+)?(ms|us|ns|s|m|h))+")),
}
"""What we set instead, where the learner's own value is a valid one. Without async the engine tries
to deliver each line for ever, and can't remove the container meanwhile when the collector is lost
(seen on Engine 26.1: more than a minute). So it gives up soon."""

_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_WORD = re.compile(
    r"""-|\||\.[A-Za-z][\w.]*|\.|"[^"\\]*"|\d{1,3}|[()]
    |if|else|end|index|lower|upper|title|truncate|join|split|json|nil|eq|ne|and|or|not""",
    re.VERBOSE,
)
_SIZE = re.compile(r"\s*(\d+)\.?\d*\s*([kmgtp]?)i?b?\s*", re.IGNORECASE)


def review(asked: Mapping[str, Any], file: str) -> None:
    """Refuse what would burden the engine itself. Raises LearnerFault."""
    options = asked.get("Config") or {}
    for value in options.values():
        _template(str(value), file)
    if _number(options, "max-file") > MOST_FILES:
        raise LearnerFault(f"{file}: max-file {options['max-file'][:40]} is more than any disk's.")
    for key in ("max-buffer-size", "fluentd-buffer-limit"):
        if _number(options, key) > MOST_BUFFER:
            raise LearnerFault(
                f"{file}: {key} {options[key][:40]} would be memory of the engine itself; "
                f"at most {MOST_BUFFER // MIB} MiB are fine here."
            )


def _template(text: str, file: str) -> None:
    """Placeholders and simple functions only: the engine renders a tag without any limit."""
    for action in _ACTION.findall(text):
        if _WORD.sub("", action).strip():
            raise LearnerFault(
                f"{file}: the lab takes simple placeholders such as {{{{.Name}}}} in logging "
                f"options, not {action.strip()[:60]!r}."
            )
    if "{{" in _ACTION.sub("", text):
        raise LearnerFault(f"{file}: {text[:60]!r} opens a placeholder and doesn't close it.")


def _number(options: Mapping[str, Any], key: str) -> int:
    """A count or size in bytes, as large as it might be meant; 0 for what Docker will refuse."""
    match = _SIZE.fullmatch(str(options.get(key, "")))
    return int(match[1]) << (10 * " kmgtp".index(match[2].lower() or " ")) if match else 0


def delivered(asked: Mapping[str, Any], address: str) -> dict[str, Any]:
    """The LogConfig of a service that logs to fluentd, with our collector at ``address``.

    Raises LearnerFault when the learner's own address is another one than localhost, port 24224.
    """
    options = {key: str(value) for key, value in (asked.get("Config") or {}).items()}
    _check(options.get("fluentd-address", ""))
    limit = _number(options, "fluentd-buffer-limit") or MOST_EVENTS
    return {
        "Type": "fluentd",
        "Config": {
            **options,
            **{
                key: ours
                for key, (ours, valid) in BOUNDED.items()
                if key not in options or valid.fullmatch(options[key])
            },
            "fluentd-address": address,
            "fluentd-buffer-limit": str(min(limit, MOST_EVENTS)),
        },
    }


def _check(address: str) -> None:
    """By the driver's own rules: protocol, host and port may each be left out."""
    try:
        found = urlsplit(address if "://" in address else f"tcp://{address}")
        port = found.port or PORT
    except ValueError:
        raise LearnerFault(f"fluentd-address {address[:80]!r} is no address.") from None
    if found.scheme != "tcp":
        raise LearnerFault(
            f"fluentd-address {address[:80]!r}: the collector listens on a TCP port, without TLS."
        )
    if _host(found) not in HERE:
        raise LearnerFault(
            f"The engine would connect to {address[:80]!r}. The collector listens on localhost, "
            f"port {PORT}, and the engine isn't in the service's network: it knows no names of "
            "services."
        )
    if port != PORT or found.path:
        raise LearnerFault(
            f"The engine would connect to {address[:80]!r}; the collector listens on port {PORT}."
        )


def _host(found: SplitResult) -> str:
    return (found.hostname or "").lower()
