"""A small HTTP/1.1 client over asyncio streams, so that the measuring costs less than what is measured.

One connection, one request at a time, bodies with Content-Length only: what the gateway answers.
"""

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit


class Connection:
    def __init__(self, url: str, api_key: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._head = f"Host: {parts.netloc}\r\nAuthorization: Bearer {api_key}\r\nContent-Type: application/json\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: dict[str, Any], **headers: str) -> tuple[int, dict[str, Any]]:
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        content = json.dumps(body).encode()
        request = (
            f"POST {path} HTTP/1.1\r\n{self._head}{lines}Content-Length: {len(content)}\r\n\r\n".encode() + content
        )
        if self._streams is not None:
            try:
                return await self._exchange(*self._streams, request)
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.close()  # the server gave up the idle connection; the key makes it safe to ask again
        self._streams = await asyncio.open_connection(self._host, self._port)
        return await self._exchange(*self._streams, request)

    async def _exchange(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
    ) -> tuple[int, dict[str, Any]]:
        writer.write(request)
        status_line, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(int(field[15:]) for field in fields if field.lower().startswith("content-length:"))
        return int(status_line.split()[1]), json.loads(await reader.readexactly(length))

    async def close(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with suppress(ConnectionError):
                await streams[1].wait_closed()
