"""How the application is put on a socket: uvicorn, with the settings a bank's door needs. Knows no route."""

import uvicorn
from starlette.types import ASGIApp


def make_server(app: ASGIApp, *, host: str, port: int) -> uvicorn.Server:
    """A server for this app alone; whoever runs it calls `await server.serve()` and sets `should_exit` to stop it."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,  # the node's own loggers
            access_log=False,  # the envelope writes a better one
            server_header=False,
            proxy_headers=False,  # nobody may tell us whose request it is by a header
            lifespan="off",
            ws="none",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
            backlog=2048,
        )
    )
