import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager, suppress

import pytest
import uvicorn

from neuralstack.cli.server import application
from neuralstack.reporting import Viewer
from small import command

pytest_plugins = ("small_runs",)


@contextmanager
def serving(traces):
    """Serve in a separate thread; yield the address."""
    server = uvicorn.Server(uvicorn.Config(application(traces, "ab"), log_level="error"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def address(learned):
    with serving(Viewer.from_runs([learned], ["soft", "hard"]).traces) as address:
        yield address


def get(address, path, **headers):
    """Send a request to a server; return the status and the text of its answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(address + path, headers=named)
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def ask(address, text):
    """Request the traces of a text."""
    status, said = get(address, f"/trace?{urllib.parse.urlencode({'text': text})}")
    return status, json.loads(said)


def traces_in(page):
    return json.loads(re.search(r'<script type="application/json" id="traces">(.*?)</script>', page, re.S)[1])


def test_the_page_shows_the_first_text_and_asks_for_more(address):
    status, page = get(address, "/")
    assert status == 200
    assert [trace["text"] for trace in traces_in(page)] == ["ab", "ab"]
    assert "connect-src 'self'" in page


def test_a_typed_text_is_traced_on_every_machine(address, learned):
    _, said = ask(address, "stack")
    assert [trace["name"] for trace in said["traces"]] == [str(learned), f"{learned}, hardened"]
    assert {trace["answer"] for trace in said["traces"]} == {"kcats"}
    assert {trace["task"] for trace in said["traces"]} == {"reversal"}


BAD = {
    "an unknown symbol": ("é", "unknown symbol 'é' at character 1 of the text: this task knows"),
    "nothing": ("", "the text is empty: give at least one character"),
    "a long text": ("a" * 501, "at most 500 characters here, this one has 501: give a shorter one"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_bad_text_is_refused_clearly_and_the_next_one_is_traced(address, text, message):
    status, said = ask(address, text)
    assert status == 400
    assert message in said["error"]
    assert ask(address, "ab")[0] == 200


@pytest.mark.slow
def test_a_text_of_500_symbols_is_traced(address):
    _, said = ask(address, "ab" * 250)
    assert len(said["traces"][1]["steps"]) >= 502


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "localhost.example.com:8765"])
@pytest.mark.parametrize("path", ["/", "/trace?text=ab"])
def test_requests_that_name_another_host_are_refused(address, host, path):
    status, said = get(address, path, Host=host)
    assert status == 403
    assert said == f"this page is for 127.0.0.1 and localhost only, not for the host {host!r}.\n"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_cannot_have_a_text_traced(address, site):
    status, said = get(address, "/trace?text=ab", Sec_Fetch_Site=site)
    assert (status, said) == (403, "only the page of this server may ask for traces, not one of another site.\n")
    assert get(address, "/trace?text=ab", Sec_Fetch_Site="same-origin")[0] == 200
    assert get(address, "/", Sec_Fetch_Site=site)[0] == 200  # a link to the page may stand anywhere


@pytest.mark.parametrize("origin", ["http://example.com", "http://127.0.0.1:1", "https://{own}", "null"])
@pytest.mark.parametrize("path", ["/", "/trace?text=ab"])
def test_requests_of_pages_from_other_origins_are_refused(address, origin, path):
    origin = origin.format(own=address.removeprefix("http://"))
    status, said = get(address, path, Origin=origin)
    assert (status, said) == (403, f"only the page of this server may ask, not one of the origin {origin!r}.\n")
    assert get(address, path, Origin=address)[0] == 200


@pytest.mark.parametrize("path", ["/", "/trace?text=ab", "/trace?text=", "/nowhere"])
def test_no_page_may_frame_an_answer(address, path):
    try:
        answer = urllib.request.urlopen(address + path)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


class HeldViewer:
    """Machines that trace a text only when the test lets them, and remember which texts they were given."""

    def __init__(self):
        self.texts, self.begun, self.released = [], threading.Event(), threading.Event()

    def traces(self, text):
        self.texts.append(text)
        if text != "ab":  # the first text on the page
            self.begun.set()
            assert self.released.wait(20)
        return []


def test_texts_whose_readers_have_gone_are_not_traced():
    viewer = HeldViewer()
    with serving(viewer.traces) as address:
        first = threading.Thread(target=ask, args=(address, "first"))
        first.start()
        assert viewer.begun.wait(20)
        for number in range(100):
            with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as client:
                client.sendall(f"GET /trace?text={number} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        last = threading.Thread(target=ask, args=(address, "last"))
        last.start()
        while get(address, "/")[0] != 200:  # waiting clients do not block the server
            pass
        viewer.released.set()
        first.join(), last.join()
    assert viewer.texts == ["ab", "first", "last"]


def test_runs_of_other_tasks_are_not_shown_side_by_side(learned, new_run, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    config = json.loads(new_run.file("config.json").read_text())
    (other / "config.json").write_text(json.dumps(config | {"config": config["config"] | {"task": "copy"}}))
    with pytest.raises(ValueError, match="runs side by side must be of one task"):
        Viewer.from_runs([learned, other], ["soft"])


def suppressed_get(address, path):
    """Send a request to a server that may stop meanwhile."""
    with suppress(OSError, http.client.HTTPException):
        get(address, path)


@contextmanager
def served(run):
    """Serve a run from the command line on a free port; yield its address and the process."""
    process = subprocess.Popen(
        command("view", run, "--port", 0), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().split()[0], process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_command_serves_on_this_computer_until_it_is_interrupted(learned, times):
    with served(learned) as (address, process):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        assert ask(address, "ab")[1]["traces"][0]["answer"] == "ba"
        assert ask(address, "é")[0] == 400
        assert get(address, "/")[0] == 200
        waiting = threading.Thread(target=suppressed_get, args=(address, f"/trace?text={'ab' * 240}"))
        waiting.start()
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        out, err = process.communicate(timeout=20)
        waiting.join()
        assert (process.returncode, out, err) == (0, "", "")


def test_a_port_in_use_is_one_line(call, learned):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, out, err = call("view", learned, "--port", port)
    assert (status, out) == (2, "")
    assert err == f"neuralstack: port {port} cannot be used (Address already in use): give another --port, or 0.\n"
