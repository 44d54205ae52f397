"""A daemon whose every word is hostile: names, images, labels, networks, changes, logs, refusals.

Docker itself lets nobody choose most of these. What listens at its socket may be another thing.
"""

from __future__ import annotations

import struct
from typing import Any

from aiohttp import web

from tests.helpers.docker_api import MiniDocker

LATER = "2026-01-01T00:00:00Z"


class HostileDocker(MiniDocker):
    """One running container, of which everything is ``text`` but its id and its ``pid``."""

    def __init__(self, container_id: str, pid: int, text: str) -> None:
        super().__init__()
        self.container_id, self.pid, self.text = container_id, pid, text
        self.acts: list[str] = []
        """What was done to it, and refused."""
        self.version["Version"] = text

    def add_routes(self, router: web.UrlDispatcher, prefix: str) -> None:
        """The questions besides those of its parent."""
        one = prefix + "/containers/{id}"
        router.add_get(one + "/changes", self._changes)
        router.add_get(one + "/logs", self._logs)
        router.add_get(prefix + "/images/{id:.*}/json", self._image)
        router.add_post(one + "/{verb}", self._act)
        router.add_post(prefix + "/networks/{network:.*}/{verb}", self._act)

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response([{"Id": self.container_id, "Names": [f"/{self.text}"], "Image": self.text,
                                   "State": "running", "Labels": {self.text: self.text}}])  # fmt: skip

    async def _inspect(self, request: web.Request) -> web.Response:
        if request.match_info["id"] != self.container_id:
            return web.json_response({"message": self.text}, status=404)
        return web.json_response(self._container())

    def _container(self) -> dict[str, Any]:
        text = self.text
        network = {"NetworkID": text, "IPAddress": text, "Aliases": [text], "Links": [text], "DriverOpts": {text: text}}
        return {
            "Id": self.container_id, "Name": f"/{text}", "Image": text, "Path": text, "Args": [text], "Created": LATER,
            "State": {"Status": "running", "Pid": self.pid, "StartedAt": LATER, "Health": {"Status": text}},
            "Config": {"Image": text, "Labels": {text: text}, "Tty": False, "Healthcheck": {"Test": ["CMD", text]}},
            "HostConfig": {"Privileged": True, "CapAdd": [text], "NetworkMode": text, "PidMode": text, "IpcMode": text},
            "Mounts": [{"Source": text, "Destination": text, "Mode": text, "RW": True, "Propagation": text}],
            "NetworkSettings": {"IPAddress": text, "Networks": {text: network}}, "ExecIDs": [text],
        }  # fmt: skip

    async def _changes(self, _request: web.Request) -> web.Response:
        return web.json_response([{"Kind": kind, "Path": f"/{self.text}"} for kind in (0, 1, 2)])

    async def _logs(self, _request: web.Request) -> web.Response:
        lines = [f"{LATER} {part}\n".encode("utf-8", "replace") for part in self.text.split("\n")]
        frames = [struct.pack(">BxxxL", 1 + number % 2, len(line)) + line for number, line in enumerate(lines)]
        return web.Response(body=b"".join(frames), content_type="application/octet-stream")

    async def _image(self, _request: web.Request) -> web.Response:
        text = self.text
        names = {
            "Id": text,
            "RepoTags": [text],
            "RepoDigests": [text],
            "Os": text,
            "Architecture": text,
            "Author": text,
        }
        return web.json_response(names | {"Created": LATER, "Size": 1, "RootFS": {"Layers": [text]}})

    async def _act(self, request: web.Request) -> web.Response:
        self.acts.append(request.match_info["verb"])
        return web.json_response({"message": self.text}, status=500)
