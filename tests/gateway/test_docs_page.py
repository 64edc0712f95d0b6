"""/docs works where nothing but this server can be reached, and docs/reference/rest.md lists what the server has."""

import re
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute

from ledger_node.gateway.pages import STATIC
from tests.gateway.conftest import Door

ROOT = Path(__file__).parent.parent.parent
ADDRESS = re.compile(
    r"""(?:src|href|url|import|fetch|from)\s*[=:(]?\s*["'(]?\s*((?:https?:)?//[^"')\s]+)""", re.IGNORECASE
)


def test_the_page_and_everything_it_loads_come_from_this_server(anybody: httpx.Client) -> None:
    page = anybody.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert ADDRESS.findall(page.text) == []
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 4
    for path in loaded:
        assert path.startswith("/")
        assert anybody.get(path).status_code == 200


def test_the_browser_is_told_to_load_nothing_from_elsewhere(anybody: httpx.Client) -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in anybody.get("/docs").headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert "unsafe-eval" not in str(policy)
    assert not re.search(r"https?:|\*", str(policy))


@pytest.mark.parametrize("name", ["docs.html", "docs.js", "page.css"])
def test_our_own_files_name_no_other_host(name: str) -> None:
    assert not re.search(r"//[a-z0-9]", (STATIC / name).read_text(encoding="utf-8").replace("// ", ""))


def test_the_styles_load_nothing_from_elsewhere() -> None:
    styles = (STATIC / "swagger-ui" / "swagger-ui.css").read_text(encoding="utf-8")
    assert re.findall(r"url\((?![\"']?data:)[^)]*", styles) == []
    assert "@import" not in styles


def test_what_we_ship_of_others_comes_with_its_licence() -> None:
    names = {path.name for path in (STATIC / "swagger-ui").iterdir()}
    assert {"LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt", "README.md"} <= names


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "swagger-ui/../../app.py", "/etc/passwd", ""]
)
def test_only_shipped_files_are_served(path: str, anybody: httpx.Client) -> None:
    assert anybody.get(f"/static/{path}").status_code == 404


def test_licences_and_notes_are_not_pages(anybody: httpx.Client) -> None:
    assert anybody.get("/static/swagger-ui/README.md").status_code == 404


def test_the_reference_lists_exactly_the_endpoints_there_are(door: Door) -> None:
    page = (ROOT / "docs" / "reference" / "rest.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(GET|POST|PUT) (/[^`]*)` \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    listed = {(method, path): scopes.strip() for method, path, scopes, _ in rows}
    assert len(listed) == len(rows)
    routes = {
        (method, route.path): route
        for route in door.app.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert sorted(listed) == sorted(routes)
    for key, route in routes.items():
        scopes = [scope for part in route.dependant.dependencies for scope in getattr(part.call, "scopes", ())]
        assert listed[key] == (", ".join(scopes) if scopes else "nobody in particular"), key
