"""Pictures of a page that shows what a machine does with its memory: light, dark, narrow, and midway through time.

    python docs/screenshots.py page.html --out pictures

It needs playwright (`pip install playwright`) and a Chromium on the PATH.
"""

import argparse
import os
import shutil
import sys
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


def take(page: Path, directory: Path) -> list[Path]:
    """Save one picture for each entry of `PICTURES`, and return where they are."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("a picture of a page needs a Chromium, and there is none on the PATH.")
    directory.mkdir(parents=True, exist_ok=True)
    taken = []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.getuid() == 0 else []  # Chromium's sandbox refuses to run as root
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for name, (settings, passed) in PICTURES.items():
            tab = browser.new_page(device_scale_factor=2, **settings)
            tab.goto(page.resolve().as_uri())
            last = int(tab.locator("#step").get_attribute("max") or 0)
            if last > 0:  # there is a text to show
                tab.locator("#step").fill(str(round(passed * last)))
                tab.locator("#step").blur()
            taken.append(directory / f"{name}.png")
            tab.screenshot(path=taken[-1], full_page=True)
            tab.close()
        browser.close()
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="an HTML file that neuralstack wrote")
    parser.add_argument("--out", type=Path, default=Path("."), help="the directory of the pictures")
    options = parser.parse_args()
    for picture in take(options.page, options.out):
        print(picture)
