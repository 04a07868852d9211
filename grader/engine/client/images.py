"""Images of an engine."""

from __future__ import annotations

from typing import Any, cast

from docker.errors import APIError

from grader.engine.client.call import ByteStream, Calls, translated


class Images(Calls):
    """Images, by id or name."""

    @translated
    def remove_image(self, image: str) -> None:
        try:
            self._client.remove_image(image, force=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise

    @translated
    def image(self, reference: str) -> dict[str, Any]:
        """Inspect an image. Raises Refused (404) when there is none."""
        return cast("dict[str, Any]", self._client.inspect_image(reference))

    @translated
    def history(self, image: str) -> list[dict[str, Any]]:
        """What ``docker history`` shows, the newest instruction first."""
        return cast("list[dict[str, Any]]", self._client.history(image))

    @translated
    def save(self, image: str) -> ByteStream:
        """The archive that ``docker save`` writes."""
        return self._stream("/images/{0}/get", image)
