import pytest

import cases
from neuralstack import CONNECTIONS, CONTROLLERS, MEMORIES, TASKS


@pytest.mark.parametrize(
    ("registry", "tested"),
    [
        (MEMORIES, cases.MEMORIES_UNDER_TEST),
        (CONTROLLERS, cases.CONTROLLERS_UNDER_TEST),
        (TASKS, cases.TASKS_UNDER_TEST),
        (CONNECTIONS, cases.CONNECTIONS_UNDER_TEST),
    ],
    ids=["memories", "controllers", "tasks", "connections"],
)
def test_whatever_can_be_chosen_by_name_is_under_test(registry, tested):
    assert set(registry) <= set(tested)
