"""Questions to Docker on behalf of a front end: what has changed, what was written, which image, and all the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.container_id import whole_id
from engine.protocol import Change, GetLogs, ImageRow, Logs
from probes.docker.api import connected
from probes.docker.endpoints import find_daemon
from probes.docker.failures import calling
from probes.docker.images import image_of
from probes.docker.log_past import written_until
from probes.docker.logs import LogReaders

_KINDS = dict(enumerate("CAD"))
"""Of changes, by Docker's number."""


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
                lines = await docker._query_json(_path(container_id, "changes"))
                return [Change(kind=_KINDS[line["Kind"]], path=line["Path"]) for line in lines or []]

    async def logs(self, request: GetLogs) -> Logs:
        """A page of what a container wrote. Raises TiercelError with Docker's reason."""
        whole_id(request.container_id)
        if request.until:
            return await written_until(self._url, request.container_id, request.until, request.limit)
        return await self._logs.page(request)

    async def inspection(self, container_id: str) -> Mapping[str, Any]:
        """``docker inspect``. Raises TiercelError with Docker's reason."""
        async with connected(self._url) as docker:
            with calling("Docker cannot tell of it"):
                answer = await docker._query_json(_path(container_id, "json"))
                if not isinstance(answer, Mapping):
                    raise TypeError("no object")
                return answer

    async def image(self, container_id: str) -> ImageRow:
        """The image that a container was made from. Raises TiercelError with Docker's reason."""
        async with connected(self._url) as docker:
            with calling("Docker cannot tell the image"):
                container = await docker.containers.container(whole_id(container_id)).show()
                return await image_of(docker, container["Image"])


def _path(container_id: str, question: str) -> str:
    """A question about one container. Raises TiercelError for what would be another path."""
    return f"containers/{whole_id(container_id)}/{question}"
