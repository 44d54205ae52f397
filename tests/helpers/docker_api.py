"""A Docker daemon in miniature: the part of its API that the source uses, over containers that exist in a dict."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web


class MiniDocker:
    """Containers by id. ``answering`` is cleared to hold back the answers to ``inspect``."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.execs: dict[str, str] = {}
        """By exec id, the container in which it runs."""
        self.version: dict[str, Any] = {"ApiVersion": "1.41", "Version": "20.10"}
        self.answering = asyncio.Event()
        self.answering.set()
        self.refusals: dict[str, list[int]] = {}
        """By container, the status of the next answers about it, which are failures."""
        self.asked = 0
        """Questions that wait for their answer, …"""
        self.most = 0
        """… and how many there were at once."""
        self._listeners: list[asyncio.Queue[dict[str, Any]]] = []
        self._told: list[dict[str, Any]] = []

    def create(self, container_id: str) -> None:
        self.names[container_id] = f"name-{container_id[:8]}"
        self.tell(container_id, "create")

    def destroy(self, container_id: str) -> None:
        del self.names[container_id]
        self.tell(container_id, "destroy")

    def tell(self, container_id: str, action: str, **attributes: str) -> None:
        actor = {"ID": container_id, "Attributes": attributes}
        event = {"Type": "container", "Action": action, "Actor": actor, "timeNano": time.time_ns()}
        self._told.append(event)
        for listener in self._listeners:
            listener.put_nowait(event)

    def add_routes(self, router: web.UrlDispatcher, prefix: str) -> None:
        """More questions that it answers."""

    @asynccontextmanager
    async def serving(self, path: Path) -> AsyncIterator[str]:
        """At the socket ``path``; gives its URL."""
        app = web.Application(middlewares=[web.normalize_path_middleware()])
        for prefix in ("", "/{version:v[0-9.]+}"):
            app.router.add_get(prefix + "/version", self._version)
            app.router.add_get(prefix + "/events", self._events)
            app.router.add_get(prefix + "/containers/json", self._list)
            app.router.add_get(prefix + "/containers/{id}/json", self._inspect)
            app.router.add_get(prefix + "/exec/{id}/json", self._exec)
            self.add_routes(app.router, prefix)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, str(path)).start()
        try:
            yield f"unix://{path}"
        finally:
            self.answering.set()
            for listener in self._listeners:
                listener.put_nowait({})
            await runner.cleanup()

    async def _version(self, _request: web.Request) -> web.Response:
        return web.json_response(self.version)

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [{"Id": one, "Names": [f"/{name}"], "Image": "i", "State": "running"} for one, name in self.names.items()]
        )

    async def _inspect(self, request: web.Request) -> web.Response:
        container_id = request.match_info["id"]
        self.asked += 1
        self.most = max(self.most, self.asked)
        await self.answering.wait()
        self.asked -= 1
        if refusals := self.refusals.get(container_id):
            return web.json_response({"message": "not now"}, status=refusals.pop(0))
        if container_id not in self.names:
            return web.json_response({"message": f"No such container: {container_id}"}, status=404)
        return web.json_response(
            {
                "Id": container_id,
                "Name": f"/{self.names[container_id]}",
                "State": {"Status": "running"},
                "Config": {},
                "ExecIDs": [one for one, place in self.execs.items() if place == container_id] or None,
            }
        )

    async def _exec(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.execs:
            return web.json_response({"message": "No such exec instance"}, status=404)
        return web.json_response({"Pid": 4701, "ProcessConfig": {"entrypoint": "sh", "arguments": ["-l"]}})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        listener: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        seconds, _, rest = request.query["since"].partition(".")
        for event in self._told:  # also what happened before the request was taken
            if event["timeNano"] >= int(seconds + rest):
                listener.put_nowait(event)
        self._listeners.append(listener)
        while event := await listener.get():
            await response.write(json.dumps(event).encode() + b"\n")
        return response
