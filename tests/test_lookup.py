import re

import pytest

from neuralstack._lookup import lookup, nearest

THINGS = {"stack": 1, "queue": 2, "deque": 3, "none": 4}


def test_a_known_name_leads_to_its_thing():
    assert {name: lookup("memory", THINGS, name) for name in THINGS} == THINGS


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("stak", "did you mean 'stack'? "), ("deqe", "did you mean 'deque'? "), ("tape", ""), ("", "")],
)
def test_an_unknown_name_is_refused_with_the_nearest_one_and_all_of_them(name, suggestion):
    message = f"unknown memory {name!r}: {suggestion}choose from deque, none, queue, stack."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        lookup("memory", THINGS, name)


def test_nothing_is_near_where_there_is_nothing():
    assert nearest("stack", []) == ""
