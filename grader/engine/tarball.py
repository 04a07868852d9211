"""Files as a tar archive, the form in which the engine puts them into a container."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping


def of(files: Mapping[str, bytes], mode: int = 0o444) -> bytes:
    """An archive for the root of a container; ``files`` by their path there, all root's. Unless
    ``mode`` says otherwise, everyone may read them and nobody else may change them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
