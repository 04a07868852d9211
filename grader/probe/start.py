"""What checks ask for when the image and the container that everybody shares won't do: one more
container, one more build. Who gives it to them (see grading.fixtures) isn't known here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from grader.engine.image import Image
from grader.probe.container import Container


class Start(Protocol):
    """Starts a container of the submission's image. With ``ready``, waits until it serves.

    The pod has room for one container: the one before is removed. One that is started
    ``beside`` the pod has no network, so it is never asked anything and can't be waited for.
    """

    def __call__(
        self,
        image: Image,
        *,
        config: Mapping[str, Any] | None = None,
        host: Mapping[str, Any] | None = None,
        files: bytes | None = None,
        secrets: Mapping[str, bytes] | None = None,
        ready: bool = True,
        beside: bool = False,
    ) -> Container: ...


class Rebuild(Protocol):
    """Builds the submission once more with changed files, beside what follows; calling the result
    waits for the image."""

    def __call__(self, changes: Mapping[str, bytes]) -> Callable[[], Image]: ...
