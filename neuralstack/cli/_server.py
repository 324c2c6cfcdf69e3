"""A live page on this computer: what is typed there is traced.

It listens on 127.0.0.1 only, answers requests that name this computer as their host only, so that no page of another
site can read it by a name of its own, and takes texts up to a length.
"""

import socket
from threading import Lock

import jax
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from neuralstack.reporting import Viewer, page

HOST, NAMES = "127.0.0.1", ("127.0.0.1", "localhost")
LONGEST = 500  # characters of a text


def application(viewer: Viewer, text: str | None = None) -> Starlette:
    """Return the web application: `/` is the page, `/trace?text=` are the traces of a text.

    Args:
        viewer: The machines to show.
        text: What is shown at first; unless said, an example of the task.

    Raises:
        ValueError: If that text cannot be traced.
    """
    first = page(viewer.traces(example(viewer) if text is None else text), live=True)
    lock = Lock()  # one text at a time: each takes all cores

    def traced(text: str):
        with lock:
            return viewer.traces(text)

    async def show(request: Request) -> Response:
        return refusal(request) or HTMLResponse(first)

    async def trace(request: Request) -> Response:
        if refused := refusal(request) or stranger(request):
            return refused
        typed = request.query_params.get("text", "")
        if len(typed) > LONGEST:
            return error(
                f"a text may have at most {LONGEST} characters here, this one has {len(typed)}: give a shorter one."
            )
        try:
            return JSONResponse({"traces": await run_in_threadpool(traced, typed)})
        except ValueError as problem:
            return error(str(problem))

    return Starlette(routes=[Route("/", show), Route("/trace", trace)])


def refusal(request: Request) -> Response | None:
    """Return the answer to a request that names another host than this computer."""
    host = request.headers.get("host", "")
    if host.rpartition(":")[0] in NAMES or host in NAMES:
        return None
    return PlainTextResponse(f"this page is for {' and '.join(NAMES)} only, not for the host {host!r}.\n", 403)


def stranger(request: Request) -> Response | None:
    """Return the answer to a request that a browser makes for another site's page, which could keep the cores busy."""
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return PlainTextResponse("only the page of this server may ask for traces, not one of another site.\n", 403)
    return None


def error(message: str) -> Response:
    """Return the answer to a text that cannot be traced."""
    return JSONResponse({"error": message}, 400)


def example(viewer: Viewer) -> str:
    """Return a short text of the task."""
    task = viewer.task
    drawn = task.draw(jax.random.key(0), min(8, task.max_length))
    return task.decode(drawn.source[: int(drawn.source_length)].tolist())


def serve(viewer: Viewer, port: int, text: str | None = None) -> None:
    """Serve until interrupted, after saying where.

    Raises:
        ValueError: If the port is taken, or the first text cannot be traced.
    """
    app = application(viewer, text)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except OSError as problem:
            raise ValueError(f"port {port} cannot be used ({problem.strerror}): give another --port, or 0.") from None
        print(f"http://{HOST}:{listening.getsockname()[1]} shows the page; Ctrl-C ends it", flush=True)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        server.run(sockets=[listening])
