"""The built documentation: no link leads nowhere, nothing is cut off, and axe-core finds no serious fault.

`make docs` builds it, also as a part of `make lint`; without it, or older than the pages, these tests are skipped.
"""

import functools
import http.server
import shutil
import subprocess
import tarfile
import threading
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

pytest_plugins = ("browser",)
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SITE = ROOT / "site"
AXE = "axe-core@4.10.3"
PAGES = "index", "guide/exercises", "results/chomsky"


@pytest.fixture(scope="module")
def site():
    inside = (file for file in (ROOT / "docs").rglob("*.*") if "__pycache__" not in file.parts)  # which tests write
    sources = [ROOT / "mkdocs.yml", *inside]
    built = SITE / "index.html"
    if not built.is_file() or built.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        pytest.skip("the documentation is not built, or older than its pages: run make docs")
    return SITE


@pytest.fixture(scope="module")
def axe():
    """The source of axe-core, which is fetched from the npm registry once."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm, which fetches axe-core")
    archive = ROOT / "build" / f"{AXE.replace('@', '-')}.tgz"
    if not archive.is_file():
        archive.parent.mkdir(exist_ok=True)
        try:
            subprocess.run(["npm", "pack", "--silent", AXE], cwd=archive.parent, check=True, timeout=60)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"npm cannot fetch axe-core: {error}")
    with tarfile.open(archive) as files:
        return files.extractfile("package/axe.min.js").read().decode()


class Links(HTMLParser):
    """The links of a page, and the places in it that links can lead to."""

    def __init__(self, page):
        super().__init__()
        self.found, self.places = set(), {"", "__top"}
        self.feed(page.read_text())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src") and value and not value.partition("?")[0].partition("#")[0].count(":"):
                self.found.add(value)
            elif name in ("id", "name") and value:
                self.places.add(value)


def test_every_link_inside_leads_to_a_page_and_a_place(site):
    pages = {page: Links(page) for page in site.rglob("*.html") if page.name != "404.html"}
    dead = []
    for page, links in pages.items():
        for link in links.found:
            target, place = map(unquote, urldefrag(link.partition("?")[0]))
            file = (page.parent / target).resolve() if target else page
            file = file / "index.html" if file.is_dir() else file
            is_state = "=" in place  # of a page that keeps its state in its address
            if not file.is_file() or (file in pages and place not in pages[file].places and not is_state):
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


def test_the_search_finds_a_word(site, chromium):
    files = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        threading.Thread(target=server.serve_forever).start()
        tab = chromium.new_page(viewport={"width": 1400, "height": 900})
        tab.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        tab.locator(".md-search__input").click()
        tab.keyboard.type("queue")
        assert "queue" in tab.locator(".md-search-result__item").first.text_content().lower()
        tab.close()
        server.shutdown()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_fault_and_nothing_that_is_cut_off(name, site, axe, chromium):
    tab = chromium.new_page(color_scheme="dark" if PAGES.index(name) % 2 else "light")
    faults = []
    for width in (360, 1400):
        tab.set_viewport_size({"width": width, "height": 900})
        tab.goto((site / f"{name}.html").as_uri())
        if tab.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            faults.append(f"wider than {width} pixels")
    tab.add_script_tag(content=axe)
    for fault in tab.evaluate("axe.run({resultTypes: ['violations']})")["violations"]:
        if fault["impact"] in ("serious", "critical"):
            faults += [f"{fault['id']}: {node['html'][:200]}" for node in fault["nodes"]]
    tab.close()
    assert faults == []
