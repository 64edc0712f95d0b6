"""The disk of a loaded node is full: money is refused with a reason, and when there is room again nothing is lost."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.crash.life import Life

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root"),
]

DISK_MIB = 24
LEFT_MIB = 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(disk: Path) -> Path:
    """All but the last bit of it, by somebody else's file."""
    ballast = disk / "somebody's"
    free = os.statvfs(disk)
    ballast.write_bytes(bytes(free.f_bavail * free.f_bsize - LEFT_MIB * 2**20))
    return ballast


CLIENTS = 12


async def pay_until_refused(life: Life) -> list[httpx.Response]:
    """The first answer of each client that is no yes. None waits for ever."""

    async def one() -> httpx.Response:
        while True:
            life.asked.append(payment := next(life.more))
            answer = await life.banks.send(client, payment, wait_s=0)
            if not answer.is_success:
                return answer

    async with httpx.AsyncClient(base_url=life.node.gateway_url, timeout=20) as client:
        return await asyncio.gather(*(one() for _ in range(CLIENTS)))


async def ready_again(life: Life) -> None:
    async with httpx.AsyncClient(base_url=life.node.gateway_url) as client, asyncio.timeout(10):
        while not (await client.get("/readyz")).is_success:
            await asyncio.sleep(0.1)


def test_a_full_disk_refuses_money_until_there_is_room_and_loses_none(small_disk: Path) -> None:
    life = Life(small_disk, 3)
    try:
        life.found()
        ballast = fill(small_disk)
        for refused in asyncio.run(pay_until_refused(life)):
            assert (refused.status_code, refused.json()["code"]) == (503, "storage_unavailable")
            assert "Retry-After" in refused.headers
            assert ".sqlite: database or disk is full" in refused.json()["detail"]
            assert "Traceback" not in refused.text
        ready = httpx.get(f"{life.node.gateway_url}/readyz")
        assert ready.status_code == 503
        assert ".sqlite: database or disk is full" in "".join(ready.json()["reasons"])
        assert httpx.get(f"{life.node.gateway_url}/livez").is_success
        assert life.has_lost() == []

        ballast.unlink()
        asyncio.run(ready_again(life))
        life.ask(list(life.asked))
        assert life.has_lost(at_rest=True) == []
        assert life.node.stop() == 0
    finally:
        life.node.end()
    passed, findings = life.node.audit()
    assert passed, findings
