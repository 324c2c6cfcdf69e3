"""A plugin with the playground of all small programs, opened in a browser."""

import pytest

from neuralstack.reporting import playground
from programs import PROGRAMS


@pytest.fixture(scope="module")
def page_of_all():
    return playground(PROGRAMS)


@pytest.fixture
def play(opened, page_of_all):
    """Opens the playground of all programs with one of them, and an input."""

    def play(name, text, **settings):
        tab = opened(page_of_all, **settings)
        tab.locator("#input").select_option(label=name)
        tab.locator("#text").fill(text)
        return tab

    return play
