import math
import re
from dataclasses import replace

import pytest

from neuralstack import CONNECTIONS, RECIPES, Config, Quantization, Uniform, Warmup, complete
from neuralstack.training import configure, machine_skeleton, step_spec, with_options

GIVEN = configure("reversal", min_length=2, max_length=8)


def test_every_wiring_has_a_recipe():
    assert RECIPES.keys() == CONNECTIONS.keys()


@pytest.mark.parametrize("connection", CONNECTIONS)
def test_what_is_not_said_follows_the_wiring(connection):
    filled = complete(configure("reversal", connection=connection))
    recipe = RECIPES[connection]
    assert filled.optimizer.learning_rate == recipe.learning_rate
    assert filled.objective.binarization == recipe.binarization
    assert filled.stopping.restart_after == recipe.restart_after
    assert filled.curriculum == (Warmup(recipe.warmup) if recipe.warmup else Uniform())


def test_lengths_that_are_not_said_are_the_published_ones():
    assert complete(Config("reversal")).lengths == (8, 64)


@pytest.mark.parametrize(("memory", "connection"), [("stack", "layer"), ("none", "paper")])
def test_a_machine_without_a_memory_is_wired_like_the_paper(memory, connection):
    assert complete(configure("reversal", memory=memory)).machine.connection == connection


def test_what_is_said_is_kept():
    given = configure(
        "reversal",
        memory="none",
        controller="lstm",
        connection="paper",
        hidden_dim=3,
        num_layers=2,
        memory_dim=4,
        batch_size=5,
        max_steps=6,
        min_length=7,
        max_length=8,
        curriculum="warmup",
        warmup_lengths=(7,),
        learning_rate=0.5,
        max_grad_norm=2.0,
        binarization=0.25,
        restart_after=9,
        evaluate_every=10,
        stop_after_perfect=0,
        log_test=True,
        seed=11,
    )
    assert complete(given) == given


def test_completing_twice_changes_nothing():
    once = complete(GIVEN)
    assert "None" not in repr(replace(once, quantization=Quantization()))  # the only part that may be left out
    assert complete(once) == once


def test_first_lengths_that_follow_the_wiring_lie_within_the_lengths():
    assert complete(with_options(GIVEN, max_length=20)).curriculum == Warmup((8, 16))
    assert complete(with_options(GIVEN, max_length=7)).curriculum == Uniform()


def test_the_lengths_of_an_incomplete_configuration_are_refused():
    with pytest.raises(ValueError, match="lengths are known only once a configuration is complete"):
        _ = Config("reversal").lengths


SIZES = ("hidden_dim", "memory_dim", "num_layers", "batch_size", "max_steps", "evaluate_every", "min_length")
WRONG = {
    **{f"no {name}": ({name: 0}, f"{name} must be a whole number, at least 1") for name in SIZES},
    "less than nothing": ({"max_length": -1}, "max_length must be a whole number, at least 1"),
    "lengths out of order": ({"min_length": 9}, "min_length must not be above max_length, got 9 and 8"),
    "a short first length": ({"warmup_lengths": (1, 4)}, "lengths of a warm-up must lie between 2 and 8, got 1"),
    "a long first length": ({"warmup_lengths": (4, 9)}, "lengths of a warm-up must lie between 2 and 8, got 9"),
    "no learning": ({"learning_rate": 0.0}, "learning_rate must be a number, above 0 and at most 1000000, got 0.0"),
    "no number": ({"learning_rate": math.nan}, "learning_rate must be a number, above 0"),
    "no end": ({"learning_rate": math.inf}, "learning_rate must be a number, above 0"),
    "no gradient": ({"max_grad_norm": -1.0}, "max_grad_norm must be a number, above 0"),
    "a negative weight": ({"binarization": -0.1}, "binarization must be a number, at least 0"),
    "a weight that is no number": ({"binarization": math.nan}, "binarization must be a number, at least 0"),
    "a seed below 0": ({"seed": -1}, "seed must be a whole number, at least 0"),
    "a large seed": ({"seed": 2**31}, "seed must be a whole number, at least 0 and at most 2147483647, got 2147483648"),
    "a negative count": ({"stop_after_perfect": -1}, "stop_after_perfect must be a whole number, at least 0"),
    "restarts in the past": ({"restart_after": -1}, "restart_after must be a whole number, at least 0"),
    "many layers": ({"num_layers": 10_000}, "num_layers must be a whole number, at least 1 and at most 100, got 10000"),
    "more than the computer has": ({"hidden_dim": 100_000}, "GiB of memory"),
    "an unknown task": ({"task": "revresal"}, "unknown task 'revresal': did you mean 'reversal'?"),
    "an unknown memory": ({"memory": "stakc"}, "unknown memory 'stakc': did you mean 'stack'?"),
    "a huge memory": ({"memory": "superposition(stacks=1000000)"}, "stacks must be at most 65536, got 1000000"),
    "a memory of many parts": ({"memory": "superposition(stacks=60000)"}, "of a memory must be at most"),
    "many memories": ({"memory": "+".join(["stack"] * 5000)}, "32 memories can be joined by plus signs, got 5000"),
    "deep options": ({"memory": f"stack(width={'(' * 3000})"}, "written name=value"),
    "an unknown controller": ({"controller": "ltsm"}, "unknown controller 'ltsm': did you mean 'lstm'?"),
    "an unknown connection": ({"connection": "layre"}, "unknown connection 'layre': did you mean 'layer'?"),
    "no memory to answer from": ({"memory": "none", "connection": "layer"}, "use connection 'paper'"),
}


@pytest.mark.parametrize(("options", "text"), WRONG.values(), ids=WRONG)
def test_an_impossible_configuration_is_refused(options, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        complete(with_options(GIVEN, **options))


def test_the_compiled_program_depends_on_nothing_that_differs_between_seeds():
    one = with_options(
        GIVEN, seed=0, max_steps=10, evaluate_every=5, stop_after_perfect=1, restart_after=7, log_test=True
    )
    other = with_options(GIVEN, seed=1, max_steps=20, evaluate_every=9, stop_after_perfect=2, restart_after=0)
    assert step_spec(complete(one)) == step_spec(complete(other))
    assert step_spec(complete(one)) != step_spec(complete(with_options(GIVEN, batch_size=3)))


def test_restarts_belong_to_tasks_that_they_help():
    assert complete(Config("reversal")).stopping.restart_after == 150
    for task in ("dyck-2", "memorization"):
        assert complete(Config(task)).stopping.restart_after == 0


FOREIGN = {
    "an objective's": (
        {"forcing_prob": 0.5},
        "forcing_prob belongs to the objective imitation",
    ),
    "a curriculum's": ({"linear_steps": 5}, "linear_steps belongs to the curriculum linear, got the curriculum warmup"),
    "nobody's": ({"hiden_dim": 5}, "unknown option 'hiden_dim': did you mean 'hidden_dim'?"),
}


@pytest.mark.parametrize(("options", "text"), FOREIGN.values(), ids=FOREIGN)
def test_an_option_of_another_choice_is_refused_by_name(options, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        configure("reversal", **options)


CONNECTIONS_REFUSED = {
    "skip(gates_see=True)": "a connection has no option 'gates_see': did you mean 'gates_see_read'?",
    "skip(gates_see_read=1)": "gates_see_read must be True or False, got 1.",
    "skip(feedback=True)": "feedback must be a number from -1e+06 to 1e+06, got True.",
    "skip(value_scale=-1)": "value_scale must be a number from 0 to 1e+06, got -1.",
    f"skip(embedding_scale={'9' * 400})": "embedding_scale must be a number from 0 to 1e+06, got 999",
    "skip(True)": "options of a connection are written name=value",
    "jump(gates_see_read=True)": "unknown connection 'jump'",
}


@pytest.mark.parametrize("name", CONNECTIONS_REFUSED)
def test_options_of_a_connection_that_it_lacks_or_that_are_of_another_type_are_refused(name, unchecked_types):
    with pytest.raises(ValueError, match=re.escape(CONNECTIONS_REFUSED[name])):
        complete(configure("reversal", connection=name))


def test_options_of_a_connection_change_that_connection():
    config = configure("reversal", connection="skip(gates_see_input=True, feedback=0.5)", memory_dim=4, hidden_dim=5)
    connection = machine_skeleton(complete(config).machine, 5).connection
    assert connection == replace(CONNECTIONS["skip"], gates_see_input=True, feedback=0.5)


def test_a_readout_is_one_of_the_controllers():
    machine = machine_skeleton(complete(configure("reversal", readout="lstm", hidden_dim=5)).machine, 5)
    assert machine.readout.hidden_size == 5
    with pytest.raises(ValueError, match="unknown readout 'lsmt': did you mean 'lstm'"):
        complete(configure("reversal", readout="lsmt"))
