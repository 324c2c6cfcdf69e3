import pytest

import cases
from neuralstack import CONTROLLERS, MEMORIES, TASKS, WIRINGS


@pytest.mark.parametrize(
    ("registry", "tested"),
    [
        (MEMORIES, cases.MEMORIES_UNDER_TEST),
        (CONTROLLERS, cases.CONTROLLERS_UNDER_TEST),
        (TASKS, cases.TASKS_UNDER_TEST),
        (WIRINGS, cases.WIRINGS_UNDER_TEST),
    ],
    ids=["memories", "controllers", "tasks", "wirings"],
)
def test_whatever_can_be_chosen_by_name_is_under_test(registry, tested):
    assert set(registry) <= set(tested)
