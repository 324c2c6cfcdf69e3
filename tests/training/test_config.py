import math
import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from neuralstack import CONNECTIONS, RECIPES, Config, complete
from neuralstack.training import StepSpec
from neuralstack.training._build import check

GIVEN = Config("reversal", min_length=2, max_length=8)


def test_every_wiring_has_a_recipe():
    assert RECIPES.keys() == CONNECTIONS.keys()


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_what_is_not_said_follows_the_wiring(connection):
    filled = complete(Config("reversal", connection=connection))
    assert {name: getattr(filled, name) for name in RECIPES[connection]._fields} == RECIPES[connection]._asdict()


def test_lengths_that_are_not_said_are_the_published_ones():
    assert complete(Config("reversal")).lengths == (8, 64)


@pytest.mark.parametrize(("memory", "connection"), [("stack", "layer"), ("none", "paper")])
def test_a_machine_without_a_memory_is_wired_like_the_paper(memory, connection):
    assert complete(Config("reversal", memory=memory)).connection == connection


def test_what_is_said_is_kept():
    given = Config(
        "reversal",
        memory="none",
        controller="lstm",
        connection="paper",
        hidden=3,
        layers=2,
        width=4,
        batch=5,
        steps=6,
        min_length=7,
        max_length=8,
        first_lengths=(7,),
        learning_rate=0.5,
        clip=2.0,
        pull=0.25,
        restart_after=9,
        evaluate_every=10,
        patience=0,
        watch_test=True,
        seed=11,
    )
    assert complete(given) == given


def test_completing_twice_changes_nothing():
    once = complete(GIVEN)
    assert None not in asdict(once).values()
    assert complete(once) == once


def test_first_lengths_that_follow_the_wiring_lie_within_the_lengths():
    assert complete(replace(GIVEN, max_length=20)).first_lengths == (8, 16)
    assert complete(replace(GIVEN, max_length=7)).first_lengths == ()


def test_the_lengths_of_an_incomplete_configuration_are_refused():
    with pytest.raises(ValueError, match="complete the configuration first"):
        _ = Config("reversal").lengths


WRONG = {
    **{f"no {name}": ({name: 0}, f"{name} must be at least 1, got 0") for name in ("hidden", "layers", "width")},
    **{f"no {name}": ({name: 0}, f"{name} must be at least 1, got 0") for name in ("batch", "steps", "evaluate_every")},
    "nothing to read": ({"min_length": 0}, "min_length must be at least 1, got 0"),
    "less than nothing": ({"max_length": -1}, "max_length must be at least 1, got -1"),
    "lengths out of order": ({"min_length": 9}, "min_length must not be above max_length, got 9 and 8"),
    "a short first length": ({"first_lengths": (1, 4)}, "first_lengths must lie between 2 and 8, got 1"),
    "a long first length": ({"first_lengths": (4, 9)}, "first_lengths must lie between 2 and 8, got 9"),
    "no learning": ({"learning_rate": 0.0}, "learning_rate must be a positive number, got 0.0"),
    "no number": ({"learning_rate": math.nan}, "learning_rate must be a positive number, got nan"),
    "no end": ({"learning_rate": math.inf}, "learning_rate must be a positive number, got inf"),
    "no gradient": ({"clip": -1.0}, "clip must be a positive number, got -1.0"),
    "a push": ({"pull": -0.1}, "pull must not be negative, got -0.1"),
    "a pull that is no number": ({"pull": math.nan}, "pull must not be negative, got nan"),
    "a seed below 0": ({"seed": -1}, "seed must not be negative, got -1"),
    "a large seed": ({"seed": 2**31}, "seed must be below 2**31, got 2147483648"),
    "no patience at all": ({"patience": -1}, "patience must not be negative, got -1"),
    "restarts in the past": ({"restart_after": -1}, "restart_after must not be negative, got -1"),
    "an unknown task": ({"task": "revresal"}, "unknown task 'revresal': did you mean 'reversal'?"),
    "an unknown memory": ({"memory": "stakc"}, "unknown memory 'stakc': did you mean 'stack'?"),
    "an unknown controller": ({"controller": "ltsm"}, "unknown controller 'ltsm': did you mean 'lstm'?"),
    "an unknown connection": ({"connection": "layre"}, "unknown connection 'layre': did you mean 'layer'?"),
    "no memory to answer from": ({"memory": "none", "connection": "layer"}, "use connection 'paper'"),
}


@pytest.mark.parametrize(("options", "text"), WRONG.values(), ids=WRONG)
def test_an_impossible_configuration_is_refused(options, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        complete(replace(GIVEN, **options))


@pytest.mark.parametrize(("name", "value"), [("batch", 1.5), ("seed", 0.5), ("first_lengths", (2.5,))])
def test_a_fraction_where_a_whole_number_is_needed_is_refused(name, value):
    config = complete(GIVEN)
    object.__setattr__(config, name, value)  # as a file may hold it: only tests check types when it is made
    with pytest.raises(ValueError, match=rf"{name} must be a whole number, got {np.ravel(value)[0]}"):
        check(config)


def test_the_compiled_program_depends_on_nothing_that_differs_between_seeds():
    one = replace(GIVEN, seed=0, steps=10, evaluate_every=5, patience=1, restart_after=7, watch_test=True)
    other = replace(GIVEN, seed=1, steps=20, evaluate_every=9, patience=2, restart_after=0)
    assert StepSpec.of(complete(one)) == StepSpec.of(complete(other))
    assert StepSpec.of(complete(one)) != StepSpec.of(complete(replace(GIVEN, batch=3)))
