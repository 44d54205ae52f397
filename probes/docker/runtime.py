"""Questions to Docker on behalf of a front end: what has changed, what was written, which image, and all the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.protocol import Change, GetLogs, ImageRow, Logs
from probes.docker.api import connected
from probes.docker.endpoints import find_daemon
from probes.docker.failures import calling
from probes.docker.images import image_of
from probes.docker.log_past import written_until
from probes.docker.logs import LogReaders


class DockerRuntime:
    """Answers what only Docker knows (:class:`engine.contracts.Runtime`). ``url`` as for :func:`find_daemon`."""

    def __init__(self, url: str | None = None) -> None:
        self._url = url
        self._logs = LogReaders(url)

    def url(self) -> str:
        """Where the daemon listens."""
        return find_daemon(self._url)

    async def changes(self, container_id: str) -> list[Change]:
        """``docker diff``: what differs from the image. Raises TiercelError with Docker's reason."""
        async with connected(self._url) as docker:
            with calling("Docker cannot tell the changes"):
                # aiodocker has no method of its own for this question
                lines = await docker._query_json(f"containers/{container_id}/changes")
        return [Change(kind="CAD"[line["Kind"]], path=line["Path"]) for line in lines or []]

    async def logs(self, request: GetLogs) -> Logs:
        """A page of what a container wrote. Raises TiercelError with Docker's reason."""
        if request.until:
            return await written_until(self._url, request.container_id, request.until, request.limit)
        return await self._logs.page(request)

    async def inspection(self, container_id: str) -> Mapping[str, Any]:
        """``docker inspect``. Raises TiercelError with Docker's reason."""
        async with connected(self._url) as docker:
            with calling("Docker cannot tell of it"):
                answer: Mapping[str, Any] = await docker._query_json(f"containers/{container_id}/json")
                return answer

    async def image(self, container_id: str) -> ImageRow:
        """The image that a container was made from. Raises TiercelError with Docker's reason."""
        async with connected(self._url) as docker:
            with calling("Docker cannot tell the image"):
                container = await docker.containers.container(container_id).show()
                return await image_of(docker, container["Image"])
