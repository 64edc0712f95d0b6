"""The operator's REST client behind the admin commands.

It speaks to the running node over its socket; when no node runs on the data directory it opens one in this process,
with no socket, and speaks to the same application. Either way the commands know one thing only: the REST interface.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from ledger_node.config import Config
from ledger_node.data_directory import DataDirectory
from ledger_node.errors import ConfigurationError, LedgerNodeError
from ledger_node.json_files import read_json


class RequestFailed(LedgerNodeError):
    """The node answered with a problem; `code` and `detail` are the node's."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or problem))
        self.code = str(problem.get("code", "internal"))
        self.facts = dict(problem.get("facts") or {})


@dataclass(frozen=True, slots=True)
class Acted:
    body: dict[str, Any]
    rehearsed: bool
    needs_approval: bool


class OperatorDoor:
    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, path: str, **query: Any) -> Any:
        return self._answer(await self._client.get(path, params=query))

    async def get_all(self, path: str, **query: Any) -> list[Any]:
        """Every page of a list."""
        rows: list[Any] = []
        cursor: str | None = None
        while True:
            page = await self.get(path, limit=100, **query, **({"cursor": cursor} if cursor else {}))
            rows += page["data"]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                return rows

    async def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        return self._answer(await self._client.post(path, json=body, headers=headers))

    async def act(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, dry_run: bool = False,
        headers: dict[str, str] | None = None,
    ) -> Acted:  # fmt: skip
        """An action of the operator's house: done, waiting for a second person, or only rehearsed."""
        query = {"dry_run": "true"} if dry_run else {}
        response = await self._client.request(method, path, json=body, params=query, headers=headers)
        rehearsed = response.headers.get("dry-run") == "true"
        needs_approval = response.headers.get("needs-approval") == "true"
        return Acted(self._answer(response), rehearsed, needs_approval)

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        if response.is_error:
            try:
                problem = response.json()
            except ValueError:
                problem = {"detail": f"HTTP {response.status_code}"}
            raise RequestFailed(problem)
        return response.json() if response.content else None


@asynccontextmanager
async def operator_door(config: Config, key_file: Path | None = None) -> AsyncIterator[OperatorDoor]:
    """As the named operator whose API key `key_file` holds, or with the key that `init` made."""
    directory = DataDirectory(config.data)
    directory.require()
    headers = {"Authorization": f"Bearer {_operator_key(directory, key_file)}"}
    running = directory.running_node()
    if running is not None:
        async with httpx.AsyncClient(base_url=running["gateway"], headers=headers, timeout=60) as client:
            yield OperatorDoor(client)
        return
    from ledger_node.node import Node  # two seconds, which a command that asks a running node need not wait

    node = Node.open(config)
    try:
        node.start()
        transport = httpx.ASGITransport(app=node.gateway_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://node", headers=headers) as client:
            yield OperatorDoor(client)
    finally:
        node.close()


KEY_FILE_BYTES = 1_000_000
"""More than any file with an operator's key in it has."""


def _operator_key(directory: DataDirectory, key_file: Path | None) -> str:
    """Raises ConfigurationError, which never has any of the file in it: what is no key may hold one."""
    if key_file is not None:
        return _key_in(key_file)
    try:
        return _shown(read_json(directory.credentials)["operator"]["api_key"])
    except (FileNotFoundError, LookupError, TypeError, ValueError):
        raise ConfigurationError(
            f"{directory.credentials} does not hold the operator's API key. Name a file that does with --as."
        ) from None


def _key_in(path: Path) -> str:
    """A file with the key alone, or with the JSON that `operator add` printed."""
    try:
        text = _read(path).strip()
        return _shown(orjson.loads(text)["api_key"] if text.startswith("{") else text)
    except (LookupError, TypeError, ValueError):
        raise ConfigurationError(
            f"{path} holds no API key: write the key alone into it, or the JSON that `operator add` printed."
        ) from None


def _shown(key: object) -> str:
    if not (isinstance(key, str) and re.fullmatch(r"[!-~]{1,256}", key)):
        raise ValueError("no API key")
    return key


def _read(path: Path) -> str:
    """Raises OSError; ValueError for what is no text, or too much of it."""
    with path.open("rb") as file:
        read = file.read(KEY_FILE_BYTES + 1)
    if len(read) > KEY_FILE_BYTES:
        raise ValueError("too much")
    return read.decode()
