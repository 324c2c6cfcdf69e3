"""The live page of `neuralstack view`: a web application for this computer alone.

Traces of the texts typed on the page are computed one at a time, in the order of the requests. Other pages in the
browser are kept out: the Host and the Origin of a request must be this computer, and no page may frame this one.
"""

import asyncio
import socket
from collections.abc import Callable

import jax

from neuralstack._extras import extra
from neuralstack.reporting import Trace, Viewer, page

with extra("view"):
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.datastructures import MutableHeaders
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
    from starlette.routing import Route
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST, NAMES = "127.0.0.1", ("127.0.0.1", "localhost")
MAX_LENGTH = 500  # characters of a text
CLIENT_GONE = 499  # the status of an answer that no one reads, as in nginx
HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",  # a meta element of the page cannot forbid frames
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def application(traces: Callable[[str], list[Trace]], text: str) -> Starlette:
    """Return the web application: `/` is the page, `/trace?text=` are the traces of a text.

    Args:
        traces: Function from a text to the traces of all machines on it; a ValueError is shown on the page.
        text: The first text on the page.

    Raises:
        ValueError: If that text cannot be traced.

    Examples:
        >>> [route.path for route in application(lambda text: [], "ab").routes]
        ['/', '/trace']
    """
    first = page(traces(text), live=True)
    turn = asyncio.Lock()  # one text at a time: each uses all cores

    async def show(request: Request) -> Response:
        return HTMLResponse(first)

    async def trace(request: Request) -> Response:
        typed = request.query_params.get("text", "")
        if len(typed) > MAX_LENGTH:
            return failure(
                f"a text may have at most {MAX_LENGTH} characters here, this one has {len(typed)}: give a shorter one."
            )
        await request.body()  # read the whole request, so that what comes next is the client's disconnect
        async with turn:
            if await request.is_disconnected():
                return Response(status_code=CLIENT_GONE)
            try:
                return JSONResponse({"traces": await run_in_threadpool(traces, typed)})
            except ValueError as problem:
                return failure(str(problem))

    return Starlette(routes=[Route("/", show), Route("/trace", trace)], middleware=[Middleware(Guard)])


class Guard:
    """Middleware that refuses requests from elsewhere and adds the headers that keep other pages out."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refused = refusal(Request(scope)) if scope["type"] == "http" else None
        await (refused or self.app)(scope, receive, send_guarded)


def refusal(request: Request) -> Response | None:
    """Return the answer to a request that names another host or comes from the page of another site, or None.

    A browser sends an Origin or Sec-Fetch-Site that no page can forge; other clients may send neither.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if host.rpartition(":")[0] not in NAMES and host not in NAMES:
        return PlainTextResponse(f"this page is for {' and '.join(NAMES)} only, not for the host {host!r}.\n", 403)
    if origin is not None and origin != f"http://{host}":
        return PlainTextResponse(f"only the page of this server may ask, not one of the origin {origin!r}.\n", 403)
    if request.url.path != "/" and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return PlainTextResponse("only the page of this server may ask for traces, not one of another site.\n", 403)
    return None


def failure(message: str) -> Response:
    """Return the answer to a text that cannot be traced."""
    return JSONResponse({"error": message}, 400)


def example(viewer: Viewer) -> str:
    """Return a short text of the task."""
    task = viewer.task
    drawn = task.draw(jax.random.key(0), min(8, task.max_length))
    return task.decode(drawn.source[: int(drawn.source_length)].tolist())


def serve(viewer: Viewer, port: int, text: str | None = None) -> None:
    """Print the address, and serve until interrupted.

    Ctrl-C waits for the trace in progress to end; this and any further one exit quietly.

    Args:
        viewer: The machines to show.
        port: Port to listen on; 0 takes a free one.
        text: The first text on the page. Defaults to an example of the task.

    Raises:
        ValueError: If the port is taken, or the first text cannot be traced.
    """
    app = application(viewer.traces, example(viewer) if text is None else text)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except OSError as problem:
            raise ValueError(f"port {port} cannot be used ({problem.strerror}): give another --port, or 0.") from None
        print(f"http://{HOST}:{listening.getsockname()[1]} shows the page; Ctrl-C ends it", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:  # uvicorn raises it again after it has shut down
            return
