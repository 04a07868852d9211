"""What an engine holds of a session, by its label, and the removal of what isn't a container."""

from __future__ import annotations

from docker.errors import APIError

from grader.engine.client.call import Calls, translated


class Leavings(Calls):
    """Everything with a label, of whatever kind."""

    @translated
    def labelled(self, label: str) -> list[tuple[str, str, dict[str, str]]]:
        """(kind, id, labels) of all containers, images, networks and volumes with a label."""
        filters = {"label": label}
        found = [
            ("container", item["Id"], item["Labels"])
            for item in self._client.containers(all=True, filters=filters)
        ]
        found += [
            ("image", item["Id"], item["Labels"] or {})
            for item in self._client.images(filters=filters)
        ]
        found += [
            ("network", item["Id"], item["Labels"] or {})
            for item in self._client.networks(filters=filters)
        ]
        found += [
            ("volume", item["Name"], item["Labels"] or {})
            for item in self._client.volumes(filters=filters)["Volumes"] or ()
        ]
        return found

    @translated
    def remove_network(self, network: str) -> None:
        try:
            self._client.remove_network(network)
        except APIError as error:
            if error.status_code != 404:
                raise

    @translated
    def remove_volume(self, volume: str) -> None:
        try:
            self._client.remove_volume(volume, force=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise
