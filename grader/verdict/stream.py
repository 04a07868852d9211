"""Standard output for every terminal: what its encoding lacks is written with what it has.

A terminal (or PYTHONIOENCODING, or a file's encoding) that knows no ``✔`` must not end a command.
It knows nothing of what is printed; entry points call it once.
"""

from __future__ import annotations

import codecs
import io
import sys

_NAME = "drydock"
_PLAIN = str.maketrans(
    {"✔": "+", "✘": "x", "›": ">", "·": "*", "…": "...", "→": "->", "–": "-", "—": "-"}
    | {"█": "#", "░": ".", "─": "-", "‘": "'", "’": "'", "“": '"', "”": '"'}
)


def for_any_terminal(*, as_json: bool) -> None:
    """Let stdout and stderr write any text. ``as_json``: what stdout can't write becomes an escape
    of JSON, so that a program reads the same text."""
    codecs.register_error(_NAME, _escaped if as_json else _plain)
    codecs.register_error(f"{_NAME}.messages", _plain)
    for stream, name in ((sys.stdout, _NAME), (sys.stderr, f"{_NAME}.messages")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=name)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return text.encode("ascii", "replace").decode(), error.end


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[place : place + 2].hex() for place in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs), error.end
