import re

import pytest

from neuralstack import HardStack, NeuralQueue, NeuralStack, NoMemory
from neuralstack.training import memory_from_name

MEMORIES = {"stack": NeuralStack, "queue": NeuralQueue, "hard": HardStack, "none": NoMemory}


def test_a_known_name_leads_to_its_thing():
    made = {name: type(memory_from_name(name, 3, MEMORIES)) for name in MEMORIES}
    assert made == MEMORIES


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("stak", "did you mean 'stack'? "), ("queu", "did you mean 'queue'? "), ("tape", ""), ("x", "")],
)
def test_an_unknown_name_is_refused_with_the_nearest_one_and_all_of_them(name, suggestion):
    message = f"unknown memory {name!r}: {suggestion}choose from hard, none, queue, stack."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        memory_from_name(name, 3, MEMORIES)
