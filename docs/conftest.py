"""Pages with console blocks or files are run by tests/test_consoles.py, as one session with their prompts."""

import pytest
from consoles import is_session, steps_of

SLOW = {"lesson.md", "memories.md"}  # one trains in NumPy, the other compiles every memory


@pytest.hookimpl(tryfirst=True)  # before tests are selected by their marks
def pytest_collection_modifyitems(config, items):
    """Leave those pages out of the doctests, and slow pages to the slow tests."""
    sessions = {path for path in {item.path for item in items} if path.suffix == ".md" and is_page_of_commands(path)}
    config.hook.pytest_deselected(items=[item for item in items if item.path in sessions])
    items[:] = [item for item in items if item.path not in sessions]
    for item in items:
        if item.path.name in SLOW:
            item.add_marker("slow")


def is_page_of_commands(path):
    """Return whether a page has commands or files."""
    return is_session(steps_of(path.read_text()))
