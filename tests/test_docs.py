"""Documentation is held to the code: everything a reader can meet is documented, and everything documented exists."""

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from docs.generate import PAGES
from ledger_node.errors import LedgerNodeError
from ledger_node.gateway import routes
from ledger_node.rpc.registry import METHODS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PACKAGE = ROOT / "ledger_node"
MARKDOWN = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "contracts" / "README.md"])


def leaves(error: type[LedgerNodeError]) -> Iterator[type[LedgerNodeError]]:
    for child in error.__subclasses__():
        if child.__subclasses__():
            yield from leaves(child)
        else:
            yield child


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_pages_made_from_code_are_up_to_date(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == PAGES[page](), "run `make docs`"


def test_every_error_code_has_its_line() -> None:
    page = "".join((DOCS / "reference" / name).read_text(encoding="utf-8") for name in ("errors.md", "cli.md"))
    codes = {error.code for error in leaves(LedgerNodeError) if error.__module__.startswith("ledger_node.")}
    assert sorted(code for code in codes if f"`{code}`" not in page) == []


def test_every_endpoint_is_documented() -> None:
    page = (DOCS / "reference" / "rest.md").read_text(encoding="utf-8")
    modules = [import_module(f"{routes.__name__}.{module.name}") for module in pkgutil.iter_modules(routes.__path__)]
    paths = {route.path for module in modules for route in module.router.routes}
    assert "/v1/transfers" in paths
    assert sorted(path for path in paths if f"`{path}`" not in page and f" {path}`" not in page) == []


def test_every_rpc_method_is_documented() -> None:
    import_module("ledger_node.rpc.app")
    page = (DOCS / "reference" / "json-rpc.md").read_text(encoding="utf-8")
    assert "eth_chainId" in METHODS
    assert sorted(name for name in METHODS if f"`{name}`" not in page) == []


def test_every_package_has_its_line() -> None:
    page = (DOCS / "internals" / "architecture.md").read_text(encoding="utf-8")
    modules = {path for path in PACKAGE.iterdir() if path.suffix == ".py" and not path.stem.startswith("__")}
    packages = {path.parent for path in PACKAGE.glob("*/__init__.py")} | {
        path.parent for path in PACKAGE.glob("chain/*/__init__.py")
    }
    names = {f"`ledger_node/{path.relative_to(PACKAGE)}`" for path in modules}
    names |= {f"`ledger_node/{path.relative_to(PACKAGE)}/`" for path in packages}
    assert sorted(name for name in names if name not in page) == []
    written = set(re.findall(r"^\| (`ledger_node/[^`]+`)", page, re.MULTILINE))
    assert written - names == set()


def test_every_decision_is_listed() -> None:
    listed = re.findall(
        r"\(([0-9]{4}-[a-z0-9-]+\.md)\)", (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    )
    assert listed == sorted(path.name for path in (DOCS / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", [pytest.param(page, id=page.relative_to(ROOT).as_posix()) for page in MARKDOWN])
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


# INVARIANTS


def invariants() -> dict[str, list[str]]:
    """The tests that hold each numbered invariant, by its number."""
    page = (DOCS / "reference" / "invariants.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (I[0-9]+) \|[^|]*\|([^|]*)\|", page, re.MULTILINE)
    return {number: re.findall(r"`((?:tests|contracts)/[^`]+)`", tests) for number, tests in rows}


def test_invariants_are_numbered_without_gaps() -> None:
    assert [*invariants()] == [f"I{number}" for number in range(1, len(invariants()) + 1)]


@pytest.mark.parametrize("number", [*invariants()])
def test_every_invariant_is_held_by_a_test_that_exists(number: str) -> None:
    assert invariants()[number]
    for name in invariants()[number]:
        path, _, test = name.partition("::")
        text = (ROOT / path).read_text(encoding="utf-8")
        assert test
        assert re.search(rf"\b{test}\b", text), name
