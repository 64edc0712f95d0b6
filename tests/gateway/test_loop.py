"""Nothing that waits for the disk runs on the event loop: there everybody would wait with it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger_node.gateway import routes

FILES = sorted(Path(routes.__path__[0]).glob("*.py"))


def on_the_loop(function: ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Everything in a coroutine but the functions it makes, which others call."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        inner = isinstance(node, ast.FunctionDef | ast.Lambda | ast.AsyncFunctionDef)
        waiting += [] if inner else list(ast.iter_child_nodes(node))


def reads(source: str) -> list[int]:
    """The lines on which a coroutine itself calls a query or opens a snapshot."""
    coroutines = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.AsyncFunctionDef)]
    calls = [node for each in coroutines for node in on_the_loop(each) if isinstance(node, ast.Call)]
    return sorted(
        call.lineno for call in calls if {"queries", "database"} & set(ast.unparse(call.func).split(".")[:-1])
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_coroutine_of_a_route_reads_the_database_itself(path: Path) -> None:
    assert reads(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("house.queries.member(caller, m)", [2]),
        ("with request.app.state.house.database.read() as c:\n        pass", [2]),
        ("await to_thread(house.queries.member, caller, m)", []),
        ("def job(c):\n        return house.queries.member(caller, m)", []),
    ],
)
def test_the_check_bites(body: str, lines: list[int]) -> None:
    assert reads(f"async def route():\n    {body}\n") == lines
