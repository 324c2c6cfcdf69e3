"""A real browser that shows pages; a test module requests it with `pytest_plugins`."""

import os
import shutil

import pytest

from neuralstack.reporting import page
from pages import HOST, traced

CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def long():
    """500 symbols, which take a while to simulate."""
    trace, (memory,) = traced("".join(chr(97 + index * 7 % 26) for index in range(500)))
    return trace, memory


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the PATH")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def window(chromium):
    """One tab for all tests, its requests and its complaints."""
    tab, requests, complaints = chromium.new_page(), [], []
    tab.set_default_timeout(5000)
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    yield tab, requests, complaints
    tab.close()


@pytest.fixture
def opened(window, tmp_path):
    """Opens a page from a file; at the end, nothing must have been fetched or complained of."""
    tab, requests, complaints = window

    def opened(html, fragment="", width=1200, **media):
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        tab.set_viewport_size({"width": width, "height": 800})
        tab.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference"} | media)
        tab.goto("about:blank")  # a page whose fragment alone changes would stay
        tab.goto(file.as_uri() + fragment)
        return tab

    yield opened
    found = complaints[:], [url for url in requests if not url.startswith(("file:", "data:", "about:"))]
    complaints.clear(), requests.clear()
    assert found == ([], [])


@pytest.fixture
def show(opened):
    """Opens a page of traces."""
    return lambda *traces, **settings: opened(page(list(traces)), **settings)


@pytest.fixture
def served(window):
    """Opens a live page whose server answers with the function given; also returns the list of complaints."""
    tab, requests, complaints = window

    def opened(answer, *traces):
        html = page(list(traces), live=True)
        tab.route(HOST, lambda route: route.fulfill(body=html, content_type="text/html"))
        tab.route(HOST + "trace?**", answer)
        tab.goto(HOST)
        return tab, complaints

    yield opened
    tab.unroute_all()
    complaints.clear(), requests.clear()
