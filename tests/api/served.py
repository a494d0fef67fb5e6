"""An API that listens on loopback, and who calls it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from mdm.pipeline import Hub
from mdm.store import keys
from mdm.store.keys import Role

ROLES: tuple[Role, ...] = ("source", "viewer", "analyst", "steward", "admin")


@dataclass
class Api:
    """A hub that is served, a key for every role, and a client that sends none."""

    hub: Hub
    app: FastAPI
    client: httpx.Client
    keys: dict[Role, str]
    calls: list[httpx.Response] = field(default_factory=list)
    """Every response, for whoever wants to look at all of them."""

    def call(self, method: str, path: str, role: Role | None = "admin", **given: Any) -> httpx.Response:
        """Send a request with the key of a role, or none."""
        headers = given.pop("headers", {}) | ({} if role is None else {"Authorization": f"Bearer {self.keys[role]}"})
        response = self.client.request(method, path, headers=headers, **given)
        self.calls.append(response)
        return response

    def get(self, path: str, role: Role | None = "admin", **given: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, role, **given)

    def post(self, path: str, body: object, role: Role | None = "admin", **given: Any) -> httpx.Response:
        """POST a JSON body."""
        return self.call("POST", path, role, json=body, **given)

    def delete(self, path: str, role: Role | None = "admin") -> httpx.Response:
        """DELETE."""
        return self.call("DELETE", path, role)

    def id_of(self, key: str, entity: str = "customer", source: str = "crm") -> str:
        """The golden id of a record."""
        found = self.get("/v1/xref", params={"entity": entity, "source": source, "key": key})
        assert found.status_code == 200, found.text
        return str(found.json()["golden_id"])


@contextmanager
def served(hub: Hub) -> Iterator[Api]:
    """Serve a hub while the test runs."""
    with hub.engine.begin() as db:
        made = {role: keys.issue(db, f"a {role}", role) for role in ROLES}
    app = create_app(hub)
    with listening(app) as address, httpx.Client(base_url=address, timeout=30, verify=False, trust_env=False) as client:
        yield Api(hub, app, client, made)


@contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """Serve an app from a thread; its address."""
    # With the protocol named: without, asyncio leaves Nagle's algorithm on, and every response waits 40 ms for an acknowledgement.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="on", server_header=False))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        until = monotonic() + 20
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert monotonic() < until, "the server did not start in time"
            sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()
