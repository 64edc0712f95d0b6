"""Pages for people: `/docs` (Swagger UI from files we ship) and `/errors/{code}`, where every problem's `type` points.

Nothing here is loaded from another host; the content security policy makes the browser hold us to that.
"""

from html import escape
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from ledger_node.errors import NotFound
from ledger_node.gateway.endings import ENDINGS
from ledger_node.gateway.problems import error_tree

STATIC = Path(__file__).parent / "static"

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".png": "image/png", ".html": "text/html"}
_SERVED: dict[str, Path] = {
    path.relative_to(STATIC).as_posix(): path for path in sorted(STATIC.rglob("*")) if path.suffix in _MEDIA_TYPES
}

# Swagger UI sets style attributes and draws icons from data: URLs; scripts and connections stay with this origin.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/")
async def front_page() -> Response:
    return RedirectResponse("/docs", 307)


@router.get("/docs")
async def docs_page(request: Request) -> Response:
    return _file("docs.html")


@router.get("/static/{path:path}")
async def static_file(path: str) -> Response:
    return _file(path)


def _file(path: str) -> Response:
    found = _SERVED.get(path)  # only names listed at start: no path from outside ever reaches the file system
    if found is None:
        raise NotFound("There is no such file.")
    return FileResponse(
        found,
        media_type=_MEDIA_TYPES[found.suffix],
        headers={"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "public, max-age=3600"},
    )


@router.get("/errors/{code}")
async def error_page(code: str) -> Response:
    if (ending := ENDINGS.get(code)) is not None:
        told = f"{ending.means} A payment or an order can end with this; no request is refused with it."
        return _page(code, told, ending.reason_code, ending.remedy)
    error = error_tree().get(code)
    if error is None:
        raise NotFound(f"There is no error code {code}.")
    return _page(code, f"{error.title}. HTTP status {error.status}.", error.reason_code, error.remedy)


def _page(code: str, means: str, reason_code: str | None, remedy: str) -> Response:
    reason = f"<p>ISO 20022 reason code: <code>{reason_code}</code></p>" if reason_code else ""
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8>"
        f"<title>{escape(code)}</title><link rel=stylesheet href=/static/page.css>"
        f"<h1><code>{escape(code)}</code></h1><p>{escape(means)}</p>{reason}"
        f"<h2>What to do</h2><p>{escape(remedy)}</p><p><a href=/docs>API documentation</a></p></html>",
        headers={"Content-Security-Policy": _PAGE_POLICY, "Cache-Control": "public, max-age=3600"},
    )
