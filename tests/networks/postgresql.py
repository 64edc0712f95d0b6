"""A PostgreSQL server of the tests' own: a cluster in memory, on a socket that nobody else reaches.

No test takes the power from it, so it syncs nothing: what is killed here is the node, or the server's process.

Debian's package `postgresql` brings the programs; the server refuses to run as root, so root lends it the user that
the package made.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PROGRAMS = Path("/usr/lib/postgresql")
USER = "postgres"
MEMORY = "/dev/shm"


def programs() -> Path:
    """Where the newest installed server's programs are."""
    found = sorted(PROGRAMS.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    assert found, "PostgreSQL is not here: apt-get install postgresql"
    return found[-1].parent


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The SQLAlchemy URL of its database `postgres`, as long as the server runs."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="ledger-node-postgresql-", dir=memory))
    user = USER if os.getuid() == 0 else None
    if user is not None:
        shutil.chown(directory, user)
    data, bin_ = directory / "data", programs()

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd=directory, stdout=subprocess.DEVNULL)

    try:
        run(str(bin_ / "initdb"), "-D", str(data), "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{directory}'"
        settings += " -c max_connections=200 -c fsync=off"
        control = (str(bin_ / "pg_ctl"), "-D", str(data), "-s", "-w")
        run(*control, "-l", str(directory / "log"), "-o", settings, "start")
        try:
            yield f"postgresql+psycopg://{USER}@/postgres?host={directory}"
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def restart(url: str) -> None:
    """The server of this URL: every session of it ends."""
    directory = parse_qs(urlsplit(url).query)["host"][0]
    user = USER if os.getuid() == 0 else None
    command = [str(programs() / "pg_ctl"), "-D", f"{directory}/data", "-s", "-w", "-m", "fast", "restart"]
    subprocess.run([*command, "-l", f"{directory}/log"], check=True, user=user, cwd=directory)


@contextlib.contextmanager
def frozen(url: str) -> Iterator[None]:
    """The server of this URL keeps every session and answers nothing."""
    directory = parse_qs(urlsplit(url).query)["host"][0]
    postmaster = int(Path(directory, "data", "postmaster.pid").read_text().split()[0])
    with contextlib.ExitStack() as thawing:
        _stop(postmaster, thawing)  # first, so that nobody is born behind our back
        for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
            _stop(int(child), thawing)
        yield


def _stop(process: int, thawing: contextlib.ExitStack) -> None:
    os.kill(process, signal.SIGSTOP)
    thawing.callback(os.kill, process, signal.SIGCONT)


if __name__ == "__main__":  # python -m tests.networks.postgresql COMMAND …: run it with such a server
    with server() as url:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | {"TEST_POSTGRESQL": url}).returncode)
