"""`neuralstack harden`: how it compares a machine with its hardened form, and with the program that it writes down."""

import json
import re
import shutil

import equinox as eqx
import jax.numpy as jnp
import pytest
from matplotlib.image import imread

from neuralstack import StackTransducer, complete
from neuralstack.training import Run, configure, untrained_machine

pytest_plugins = ("small_runs",)

FEW = ("--count", 40, "--sequences", 40, "--longest", 60)


@pytest.fixture
def run(learned, tmp_path):
    """A writable copy of the run that learned."""
    return shutil.copytree(learned, tmp_path / "run")


@pytest.mark.slow
def test_harden_compares_and_writes_down_the_program(hardened):
    said = (hardened / "said.txt").read_text()
    assert "soft and hard answer 40 of 40 fresh sequences of lengths 2-8 alike" in said
    assert "network and program answer 40 of 40 random sequences of lengths 1-60 alike" in said
    assert "any symbol" in said
    record = json.loads((hardened / "hardening.json").read_text())
    assert record["hardened"] is True
    assert record["agreement"] == {"same": 40, "sequences": 40}
    assert record["program"]["agreement"] == {"same": 40, "sequences": 40}
    assert record["how"] == "actions rounded, controller's state bounded"
    assert record["margins"].keys() == {"push", "pop"}
    program = StackTransducer.load(hardened / "program.json")
    assert len(program.states) == record["program"]["states"] <= 6
    assert program.bits == record["program"]["bits"] < record["network"]["bits"] == 32 * record["network"]["weights"]
    assert f"the program takes {program.bits:,} bits; the {record['network']['weights']:,} weights" in said
    assert (hardened / "program.dot").read_text() == program.graph()
    assert imread(hardened / "figures" / "margins.png").std() > 0.02


@pytest.mark.slow
def test_a_program_is_verified_and_proved_for_every_length(call, run):
    status, out, _ = call("harden", run, *FEW, "--verify", "--verify-seconds", 5, "--extra-states", 0)
    assert status == 0
    assert re.search(r"\n  all sources     right: [0-9]+ of lengths? 1(-[0-9]+)?, in ", out)  # as far as there is time
    assert re.search(r"\n  random sources  right: 40 of lengths 1-60, in ", out)
    assert re.search(r"\n  network         acts and answers as the program on \d+ words, so always if its", out)
    assert re.search(r"\n  every length    proved: an invariant of \d+ pairs of states", out)
    record = json.loads((run / "hardening.json").read_text())["verification"]
    assert record["verdict"] == "proved"
    assert len(record["proof"]["assumed"]) == 2
    assert record["conformance"]["difference"] is None


@pytest.mark.slow
def test_a_program_that_is_wrong_is_refuted_in_one_line(call, forgetful):
    run, named = forgetful
    options = (*named, "--count", 40, "--sequences", 40, "--longest", 12, "--verify")
    status, out, err = call("harden", run, *options)
    assert status == 2
    assert "counterexample" in out
    last = err.splitlines()[-1]
    assert last.startswith(f"neuralstack: the program of {str(run)!r} is refuted: of the source '")
    assert last.endswith("no shorter source is answered wrongly.")
    record = json.loads((run / "hardening.json").read_text())["verification"]
    assert record["verdict"] == "refuted"
    assert record["counterexample"]["is_shortest"] is True
    assert record["counterexample"]["right"] != record["counterexample"]["answered"]


# A controller that counts bits to 8, forgets more of them, and after the first blank does nothing else any more.
COUNTER = """import equinox as eqx, jax, jax.numpy as jnp
FORGETTING, ANSWERING, STATES = 9, 10, 11

class Counter(eqx.Module):
    leads: jax.Array
    input_size: int = eqx.field(static=True)

    def __init__(self, input_size, hidden_dim, *, key):
        after_bit = jnp.minimum(jnp.arange(STATES) + 1, FORGETTING).at[ANSWERING].set(ANSWERING)
        after = jnp.stack([after_bit, jnp.full(STATES, ANSWERING)], axis=1)
        self.leads, self.input_size = jax.nn.one_hot(after, STATES), input_size

    def init(self):
        return jax.nn.one_hot(0, STATES)

    def step(self, state, x):
        state = jnp.einsum("s,x,sxt->t", state, x, self.leads)
        return state, state
"""


@pytest.fixture
def forgetful(tmp_path):
    """A run whose machine pushes up to 8 bits, then pops, and says whether anything is left."""
    (tmp_path / "own.py").write_text(COUNTER)
    sizes = {"hidden_dim": 11, "memory_dim": 2, "min_length": 1, "max_length": 8}
    controller = f"{tmp_path / 'own.py'}:Counter"
    config = complete(configure("reverse-string", controller=controller, connection="layer", **sizes))
    push, pop = jnp.full(11, -9.0).at[1:9].set(9), jnp.full(11, -9.0).at[10].set(9)
    machine = eqx.tree_at(
        lambda m: (m.embedding, m.action_weights, m.action_bias, m.answer_weights, m.output_weights, m.output_bias),
        untrained_machine(config),
        (
            jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
            jnp.stack([push, pop, jnp.zeros(11), jnp.zeros(11)], axis=1),
            jnp.array([0.0, 0.0, 20.0, 20.0]),
            jnp.eye(2, 11),
            jnp.zeros((11, 3)).at[0, 0].set(2),
            jnp.array([0.0, 1.0, 0.0]),
        ),
    )
    run = Run.create(tmp_path / "forgetful", config)
    run.save_model(machine)
    return run.path, ("--controller", controller)


@pytest.mark.slow
def test_harden_says_when_a_program_is_not_what_the_network_does(call, forgetful):
    run, named = forgetful
    status, out, err = call("harden", run, *named, "--count", 40, "--sequences", 40, "--longest", 12)
    assert (status, err) == (0, "")
    assert "hardened: soft and hard answer 40 of 40 fresh sequences of lengths 1-8 alike" in out
    (agreeing,) = re.findall(
        r"\nthe program differs from the network: network and program answer (\d+) of 40 random sequences", out
    )
    record = json.loads((run / "hardening.json").read_text())
    assert 0 < int(agreeing) == record["program"]["agreement"]["same"] < 40


@pytest.mark.slow
def test_harden_summarizes_the_margins_of_states_that_are_rounded_too_and_keeps_each(call, tmp_path):
    run = Run.create(tmp_path / "run", complete(configure("parity", hidden_dim=4, memory_dim=4)))
    run.save_model(untrained_machine(run.config()))
    numbers = {"step": 1, "attempt": 0, "quantization": 1, "loss": 0.0, "accuracy": 1.0, "seconds": 0.0}
    run.append_metrics({**numbers, "validation": {"coarse": 1.0, "fine": 1.0}})
    status, out, err = call("harden", run.path, *FEW)
    assert (status, err) == (0, "")
    assert re.search(r"state +units +least margin +units under 0.1 +constant units\n.*\n +controller +4 ", out)
    units = json.loads((run.path / "hardening.json").read_text())["states"]["controller"]
    assert len(units) == 4
    assert units[0].keys() == {"least", "median", "constant"}


@pytest.mark.slow
def test_harden_prints_json(call, run):
    status, out, err = call("harden", run, *FEW, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == json.loads((run / "hardening.json").read_text())


@pytest.mark.slow
def test_a_machine_that_answers_otherwise_when_rounded_is_not_called_hardened(call, run):
    opened = Run.open(run)
    for name in ("hardening.json", "program.json", "program.dot"):  # of other weights
        (run / name).write_text("{}")
    machine = opened.load_model()
    leaking = eqx.tree_at(lambda m: m.action_weights, machine, replace_fn=lambda w: w.at[:, :2].divide(50))
    opened.save_model(eqx.tree_at(lambda m: m.action_bias, leaking, replace_fn=lambda bias: bias.at[:2].set(0)))
    status, out, err = call("harden", run, *FEW)
    assert (status, out) == (2, "")
    assert err.startswith(f"neuralstack: {str(run)!r} cannot be called hardened: soft and hard answer ")
    assert "and first differ at step" in err
    assert "the least margin of an action is 0." in err
    assert err.count("\n") == 1
    assert (run / "figures" / "margins.png").exists()
    assert not any((run / name).exists() for name in ("hardening.json", "program.json", "program.dot"))
