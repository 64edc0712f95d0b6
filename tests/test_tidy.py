"""Style rules as tests. Limits are ratchets: they may be lowered here, never raised without a reason given with it."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "ledger_node"
SOURCES = sorted(PACKAGE.rglob("*.py"))
CHECKED = sorted(
    path
    for path in [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "bench").rglob("*.py")]
    if "node_modules" not in path.parts
)

LINES_MAX = 400
"""Longer files want splitting."""

LINES_MEDIAN_MAX = 150

MONEY_ROOMS = ("money.py", "reserve", "settlement", "deposit_token")

OUTERMOST_LOOPS = {
    "cli/main.py": "the outermost call of a command: a traceback, or the error's own words, may hold a secret",
    "chain/pyevm/workers.py": "the outermost loop of a call worker: an unexpected error is answered and logged",
    "chain/pyevm/producer.py": "the outermost loop of the thread that makes blocks",
    "chain/remote/heads.py": "the outermost loop of the thread that tells listeners of new heads",
    "follower/follower.py": "the outermost loop of the thread that follows another node",
    "gateway/envelope.py": "the outermost call of a request: an unexpected error becomes a 500 and a log line",
    "rpc/dispatch.py": "the outermost call of a JSON-RPC request: an unexpected error becomes -32603 and a log line",
    "settlement/engine.py": "the outermost loop of the thread that looks after what a lost connection left undone",
    "writer.py": "a job's error belongs to the one who submitted it, and the writer's own ends the writer",
}

BARE_LIBRARIES = {
    "chain/wire.py": "coincurve raises bare Exception for a signature that recovers nothing",
}
"""The only files that may catch every Exception, each with its reason. Everybody else names what they expect."""

PRINTERS = ("cli/main.py",)

STANDARD_LIBRARY_SHADOWS = {"token", "types", "code", "queue", "signal", "select", "inspect", "logging", "secrets"}

VAGUE_NAMES = re.compile(r"(Manager|Helper|Util|Utils|Base|Abstract)$|^(Base|Abstract)[A-Z]")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def in_package(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), name_of(path))


def is_in(path: Path, rooms: tuple[str, ...]) -> bool:
    return any(in_package(path) == room or in_package(path).startswith(f"{room}/") for room in rooms)


def hand_written(path: Path) -> bool:
    return path.stat().st_size > 0


def each(paths: list[Path]) -> list[pytest.param]:
    return [pytest.param(path, id=name_of(path)) for path in paths if hand_written(path)]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CHECKED}
    assert {name: length for name, length in lengths.items() if length > LINES_MAX} == {}


def test_the_median_file_is_short() -> None:
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES if hand_written(path))
    assert lengths[len(lengths) // 2] <= LINES_MEDIAN_MAX


def test_every_module_says_what_it_is() -> None:
    silent = [name_of(path) for path in CHECKED if hand_written(path) and ast.get_docstring(tree_of(path)) is None]
    assert silent == []


def test_only_what_is_listed_catches_every_exception() -> None:
    catching = {
        in_package(path)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    }
    assert catching == {*OUTERMOST_LOOPS, *BARE_LIBRARIES}


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """A bare except, Exception, or BaseException, unless all it does is clean up and raise again."""
    if handler.type is not None and not names(handler.type) & {"Exception", "BaseException"}:
        return False
    last = handler.body[-1]
    return not (isinstance(last, ast.Raise) and last.exc is None)


def names(node: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


def test_nothing_is_swallowed() -> None:
    swallowed = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and catches_everything(node)
        and all(isinstance(statement, ast.Pass | ast.Continue) for statement in node.body)
    ]
    assert swallowed == []


@pytest.mark.parametrize("path", each([path for path in SOURCES if in_package(path) not in PRINTERS]))
def test_only_the_commands_print(path: Path) -> None:
    printed = [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printed == []


@pytest.mark.parametrize("path", each([path for path in SOURCES if is_in(path, MONEY_ROOMS)]))
def test_money_is_never_a_float(path: Path) -> None:
    assert [*floats(tree_of(path))] == []


def floats(tree: ast.Module) -> Iterator[str]:
    """Float literals, the name `float`, true division; seconds of a wait are the only fractions allowed."""
    allowed = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.arg) and node.arg in {"timeout", "wait_s", "timeout_s"} and node.annotation is not None
        for child in ast.walk(node.annotation)
    }
    for node in ast.walk(tree):
        if id(node) in allowed:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"line {node.lineno}: {node.value}"
        if isinstance(node, ast.Name) and node.id == "float":
            yield f"line {node.lineno}: float"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not isinstance(node.right, ast.Constant):
            yield f"line {node.lineno}: true division"


@pytest.mark.parametrize("path", each(CHECKED))
def test_nothing_is_left_for_later(path: Path) -> None:
    if path == Path(__file__):
        return
    assert re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", each(SOURCES))
def test_classes_are_named_after_the_domain(path: Path) -> None:
    classes = [node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)]
    assert [name for name in classes if VAGUE_NAMES.search(name)] == []


def test_no_room_shadows_the_standard_library() -> None:
    top = {path.stem for path in PACKAGE.iterdir()}
    assert top & STANDARD_LIBRARY_SHADOWS == set()


def test_the_clock_alone_asks_for_the_time() -> None:
    asking = {
        in_package(path)
        for path in SOURCES
        if re.search(r"\b(time\.time(_ns)?\(|datetime\.(now|utcnow)\()", path.read_text(encoding="utf-8"))
    }
    assert asking <= {"clock.py"}


@pytest.mark.parametrize("path", each([path for path in CHECKED if "tests" in path.parts]))
def test_tests_neither_sleep_nor_mock(path: Path) -> None:
    if path == Path(__file__):
        return
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\btime\.sleep\(|unittest\.mock|\bMagicMock\b", text) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("x = 1.5", True),
        ("x = float(y)", True),
        ("x = a / b", True),
        ("x = a // b", False),
        ("def wait(timeout: float) -> None: ...", False),
        ("def pay(amount: float) -> None: ...", True),
    ],
)
def test_the_float_rule_bites(code: str, found: bool) -> None:
    assert bool([*floats(ast.parse(code))]) is found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("try: f()\nexcept Exception: g()", True),
        ("try: f()\nexcept: g()", True),
        ("try: f()\nexcept (ValueError, BaseException): g()", True),
        ("try: f()\nexcept BaseException:\n  undo()\n  raise", False),
        ("try: f()\nexcept ValueError: g()", False),
    ],
)
def test_the_exception_rule_bites(code: str, found: bool) -> None:
    handlers = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.ExceptHandler)]
    assert any(catches_everything(handler) for handler in handlers) is found


def missing_from(lock: dict[str, Any]) -> set[str]:
    """Packages of other platforms that the lock's packages name and the lock has not: `npm ci` refuses it then."""
    names = {path.rpartition("node_modules/")[2] for path in lock["packages"]}
    return {name for package in lock["packages"].values() for name in package.get("optionalDependencies", ())} - names


LOCKS = sorted(path for path in ROOT.rglob("package-lock.json") if "node_modules" not in path.parts)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: name_of(path.parent))
def test_a_lock_of_npm_s_has_every_platform_s_packages(path: Path) -> None:
    assert missing_from(json.loads(path.read_text(encoding="utf-8"))) == set()


def test_the_rule_of_locks_bites() -> None:
    one = {"node_modules/a": {"optionalDependencies": {"a-linux": "1", "a-win32": "1"}}, "node_modules/a-linux": {}}
    assert missing_from({"packages": one}) == {"a-win32"}
    assert missing_from({"packages": {**one, "node_modules/b/node_modules/a-win32": {}}}) == set()
