"""The lab's images in one file, for machines without a network: written by one, read by many.

It knows no image by name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from grader.setup.step import SetupError, docker, step


def save(path: Path, tags: Sequence[str]) -> None:
    """Write the images of these tags into one file that everybody may read. Raises SetupError."""
    with step(f"Writing the lab's images to {path}"):
        docker("save", "-o", path, *tags, failure="The images can't be saved.")
        path.chmod(0o666 & ~_umask())  # docker makes it for its user alone


def load(path: Path) -> None:
    """Load what ``save`` wrote. Raises SetupError with what is wrong with the file."""
    try:
        path.open("rb").close()
    except PermissionError as error:
        raise SetupError(
            f"{path} can't be read by this user: its owner, {_owner(path)}, can type "
            f"chmod a+r {path}"
        ) from error
    except OSError as error:
        raise SetupError(f"There is no bundle at {path}; ./lab bundle FILE makes one.") from error
    with step(f"Loading the lab's images from {path}"):
        docker("load", "-i", path, failure=f"{path} is not a bundle of images.")


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (OSError, KeyError):
        return "somebody else"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
