"""Pictures of pages in Chromium: of a page that neuralstack wrote, or of every page of the built documentation.

    python docs/screenshots.py page.html --out pictures
    python docs/screenshots.py site --out pictures

A page of traces is taken light, dark, narrow, and midway through time; the pages of a folder light and dark, in a wide
and a narrow window. It needs playwright (`pip install playwright`) and a Chromium on the PATH.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 360, "height": 860}
# By the name of the picture: how the browser is set up, and how much of the time has passed.
PICTURES: dict[str, tuple[dict[str, Any], float]] = {
    "light": ({"viewport": WIDE}, 0.4),
    "dark": ({"viewport": WIDE, "color_scheme": "dark"}, 0.4),
    "narrow": ({"viewport": NARROW}, 0.4),
    "midway": ({"viewport": WIDE}, 0.7),
}
WIDTHS, SCHEMES = (360, 1400), ("light", "dark")  # of the pages of a folder
SLOWEST = 120_000  # milliseconds, for the longest page on a busy computer
TALLEST = 12_000  # pixels of a picture, which Chromium limits
HEIGHT = "document.documentElement.scrollHeight"
CUT_OFF = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def chromium() -> Iterator[Any]:
    """Open the Chromium on the PATH."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        sys.exit("a picture of a page needs a Chromium, and there is none on the PATH.")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.getuid() == 0 else []  # Chromium's sandbox refuses to run as root
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


def take(page: Path, directory: Path) -> Iterator[Path]:
    """Save one picture for each entry of `PICTURES`, and yield where they are."""
    with chromium() as browser:
        for name, (settings, passed) in PICTURES.items():
            tab = browser.new_page(device_scale_factor=2, **settings)
            tab.goto(page.resolve().as_uri())
            if tab.locator("#step").count():
                last = int(tab.locator("#step").get_attribute("max") or 0)
                if last > 0:  # there is a text to show
                    tab.locator("#step").fill(str(round(passed * last)))
                    tab.locator("#step").blur()
            taken = directory / f"{name}.png"
            tab.screenshot(path=taken, full_page=True)
            tab.close()
            yield taken


def take_site(site: Path, directory: Path) -> Iterator[Path]:
    """Save four pictures of every page of a folder; exit with a message if one is wider than its window."""
    pages, cut_off = sorted(page for page in site.rglob("*.html") if page.name != "404.html"), []
    with chromium() as browser:
        for width in WIDTHS:
            for scheme in SCHEMES:
                tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                tab.set_default_timeout(SLOWEST)
                for page in pages:
                    tab.goto(page.resolve().as_uri())
                    name = "-".join(page.relative_to(site).with_suffix("").parts)
                    taken = directory / f"{name}-{width}-{scheme}.png"
                    shown = {"x": 0, "y": 0, "width": width, "height": min(tab.evaluate(HEIGHT), TALLEST)}
                    tab.screenshot(path=taken, full_page=True, clip=shown)
                    yield taken
                    if tab.evaluate(CUT_OFF) > 0:
                        cut_off.append(taken.stem)
                tab.close()
    if cut_off:
        sys.exit(f"wider than the window: {', '.join(cut_off)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="an HTML file, or a folder of them")
    parser.add_argument("--out", type=Path, default=Path("."), help="the directory of the pictures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for picture in (take_site if options.page.is_dir() else take)(options.page, options.out):
        print(picture)
