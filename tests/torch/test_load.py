import json
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from machines import MACHINES, Perceptron, Register, build

import neuralstack as ns
from cases import quick
from neuralstack.training import configure
from small import untrained_run

torch = pytest.importorskip("torch.nn") and pytest.importorskip("torch")
import neuralstack.torch as nst  # noqa: E402

KEY = jax.random.key(0)
EVERY_PATH = ns.Connection(
    feedback=0.5,
    answer_from="both",
    gates_see_input=True,
    gates_see_read=True,
    values_repeat_read=True,
    value_constant=True,
)
BLIND = ns.Connection(feedback=1.0, gates_see_state=False, gates_see_input=True)


def bounded(controller, gates=2):
    """A controller with bounds for its state; `build` draws all numbers, so it leaves them."""
    bounds = jax.tree.map(lambda leaf: jnp.zeros((2**gates, *leaf.shape)), controller.init())
    weights = jnp.zeros((controller.hidden_size, gates)), jnp.zeros(gates)
    return ns.BoundedController(controller, *weights, bounds, bounds)


CASES = {
    "elman": lambda: build(ns.Elman(4, 6, key=KEY), ns.HardStack(4)),
    "feedforward": lambda: build(ns.Feedforward(4, 6, num_layers=2, key=KEY), ns.HardStack(4)),
    "gru of three layers": lambda: build(ns.GRU(4, 6, num_layers=3, key=KEY), ns.HardStack(3), connection="skip"),
    "lstm": lambda: build(ns.LSTM(4, 6, key=KEY), ns.HardStack(4), connection="paper"),
    "multiplicative": lambda: build(ns.Multiplicative(4, 6, key=KEY), ns.HardStack(4)),
    "a GRU cell of Equinox": lambda: build(eqx.nn.GRUCell(4, 6, key=KEY), ns.HardStack(3), connection="feedback"),
    "an LSTM cell of Equinox": lambda: build(eqx.nn.LSTMCell(4, 6, key=KEY), ns.HardStack(4)),
    "an LSTM cell without bias": lambda: build(eqx.nn.LSTMCell(4, 6, use_bias=False, key=KEY), ns.HardStack(4)),
    "a bounded GRU": lambda: build(bounded(ns.GRU(4, 6, num_layers=2, key=KEY)), ns.HardStack(4)),
    "a bounded LSTM": lambda: build(bounded(ns.LSTM(4, 6, key=KEY)), ns.HardStack(4)),
    "a bounded GRU cell": lambda: build(bounded(ns.CellController(eqx.nn.GRUCell(4, 6, key=KEY))), ns.HardStack(4)),
    "every path": lambda: build(memory=ns.HardStack(3), connection=EVERY_PATH),
    "gates that do not see the state": lambda: build(memory=ns.HardStack(3), connection=BLIND),
    "gates that see the input": lambda: build(
        memory=ns.HardStack(4), connection=ns.Connection(gates_see_input=True, value_constant=True)
    ),
    "a readout": lambda: build(memory=ns.HardStack(4), connection="skip", readout=ns.LSTM(5, 7, key=KEY)),
    "a readout of several layers": lambda: build(
        memory=ns.HardStack(4), connection=EVERY_PATH, readout=ns.GRU(5, 7, num_layers=2, key=KEY)
    ),
    "quantized": lambda: build(ns.LSTM(4, 6, num_layers=2, key=KEY), ns.HardStack(4), quantized=True),
    "quantized, every path, a readout": lambda: build(
        memory=ns.HardStack(3), connection=EVERY_PATH, readout=ns.Elman(5, 7, key=KEY), quantized=True
    ),
    "a quantized bounded cell": lambda: build(
        bounded(ns.CellController(eqx.nn.LSTMCell(4, 6, key=KEY))), ns.HardStack(4), quantized=True
    ),
    "a stack": lambda: build(memory=ns.NeuralStack(3)),
    "a stack, every path": lambda: build(memory=ns.NeuralStack(3), connection=EVERY_PATH),
    "a quantized queue": lambda: build(memory=ns.NeuralQueue(4), quantized=True),
    "a queue in pure JAX, feedback": lambda: build(memory=ns.NeuralQueue(3, kernel=False), connection="feedback"),
    "a DeQue": lambda: build(memory=ns.NeuralDeque(4), connection="skip"),
    "a DeQue, every path": lambda: build(memory=ns.NeuralDeque(4), connection=EVERY_PATH),
    "a hardened DeQue": lambda: ns.harden(build(memory=ns.NeuralDeque(4))),
    "a stack and a queue": lambda: build(memory=ns.CompositeMemory(ns.NeuralStack(4), ns.NeuralQueue(5))),
    "superposition": lambda: build(memory=ns.SuperpositionStack(3, stacks=2, depth_read=2, empty=-0.5)),
    "rounded superposition": lambda: build(memory=ns.Quantized(ns.SuperpositionStack(4)), connection="feedback"),
    "several memories": lambda: build(memory=ns.CompositeMemory(ns.HardStack(4), ns.SuperpositionStack(3))),
    "no memory": lambda: build(memory=ns.NoMemory(), connection="paper"),
}


def logits_of(machine, tokens):
    return np.asarray(jax.jit(jax.vmap(machine))(jnp.asarray(tokens)))


@pytest.mark.parametrize(
    "name", quick(CASES, "gru of three layers", "a bounded LSTM", "a DeQue, every path", "several memories")
)
def test_a_loaded_machine_gives_the_same_answers(tmp_path, name):
    machine = CASES[name]()
    ns.save(tmp_path / "machine", machine)
    loaded = nst.load(tmp_path / "machine")
    tokens = np.random.default_rng(0).integers(0, 5, (4, 13))
    expected = logits_of(machine, tokens)
    assert expected.std() > 0.1
    with torch.no_grad():
        np.testing.assert_allclose(loaded(torch.tensor(tokens)).numpy(), expected, atol=1e-5)
        state, answers = loaded.init(4, 13), []
        for token in torch.tensor(tokens).unbind(1):
            state, logits = loaded.step(state, token)
            answers.append(logits)
    np.testing.assert_allclose(torch.stack(answers, 1).numpy(), expected, atol=1e-5)


def test_a_loaded_machine_keeps_its_precision(tmp_path, float64):
    machine = CASES["elman"]()
    ns.save(tmp_path / "machine", machine)
    loaded = nst.load(tmp_path / "machine")
    tokens = np.random.default_rng(0).integers(0, 5, (2, 6))
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float64}
    np.testing.assert_allclose(loaded(torch.tensor(tokens)).detach().numpy(), logits_of(machine, tokens), atol=1e-13)


REFUSED = {
    "its memory 'PointerStack' is not available in PyTorch": lambda: build(memory=ns.PointerStack(4)),
    "its memory 'HardMixtureStacks' is not available in PyTorch": lambda: MACHINES["hardened stacks"](),
    "its network 'Transformer' is not available in PyTorch": lambda: ns.Transformer(5, width=4, heads=2, key=KEY),
    "its memory 'Register' is not available in PyTorch": lambda: build(memory=Register()),
    "its controller 'Perceptron' is not available in PyTorch": lambda: build(
        Perceptron(6, KEY), ns.HardStack(4), embedding_dim=4
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_not_available_is_refused_in_one_sentence(tmp_path, message):
    ns.save(tmp_path / "machine", REFUSED[message]())
    with pytest.raises(ValueError, match=re.escape(message)) as refusal:
        nst.load(tmp_path / "machine")
    assert "use ns.load" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_run_of_a_transformer_is_refused_in_one_sentence(tmp_path):
    make_run(tmp_path / "run", controller="transformer(heads=2)")
    with pytest.raises(
        ValueError, match=r"its controller 'transformer\(heads=2\)' is not available in PyTorch"
    ) as refusal:
        nst.load(tmp_path / "run")
    assert "\n" not in str(refusal.value)


RUNS = {
    "the default": {},
    "options in names": {
        "memory": "superposition(stacks=2, depth_read=2)+hard",
        "connection": "skip(gates_see_input=True, value_constant=True)",
        "controller": "lstm",
        "num_layers": 2,
        "readout": "elman",
    },
    "no memory": {"memory": "none", "controller": "multiplicative"},
}


def make_run(path, **options):
    sizes = {"hidden_dim": 6, "memory_dim": 4, "min_length": 2, "max_length": 8, "warmup_lengths": (4, 8)}
    if options.get("memory") == "none":
        del sizes["warmup_lengths"]
    return untrained_run(path, configure("reversal", **sizes, **options))


@pytest.mark.parametrize("name", quick(RUNS, "options in names"))
def test_a_run_is_loaded_with_the_parts_that_its_names_mean(tmp_path, name):
    machine = make_run(tmp_path / "run", **RUNS[name]).load_model()
    loaded = nst.load(tmp_path / "run")
    tokens = np.random.default_rng(0).integers(0, machine.vocab_size, (2, 9))
    with torch.no_grad():
        np.testing.assert_allclose(loaded(torch.tensor(tokens)).numpy(), logits_of(machine, tokens), atol=1e-5)


def test_a_run_whose_best_machine_was_rounded_is_loaded_with_everything_rounded(tmp_path):
    run = make_run(tmp_path / "run")
    assert not nst.load(tmp_path / "run").quantized
    measured = {"step": 1, "attempt": 0, "seconds": 1.0, "validation": {"coarse": 1.0, "fine": 1.0}}
    run.append_metrics(measured | {"quantization": 0.9})
    assert run.load_model().quantized
    assert nst.load(tmp_path / "run").quantized


def test_a_run_with_a_memory_that_is_not_available_is_refused_in_one_sentence(tmp_path):
    make_run(tmp_path / "run", memory="tape")
    with pytest.raises(ValueError, match="its memory 'tape' is not available in PyTorch, where there are deque, hard,"):
        nst.load(tmp_path / "run")


def test_a_run_that_version_0_1_wrote_is_refused_in_one_sentence(tmp_path):
    make_run(tmp_path / "run")
    (tmp_path / "run" / "config.json").write_text('{"task": "reversal", "hidden": 8}')
    with pytest.raises(ValueError, match=r"version 0\.1 wrote it"):
        nst.load(tmp_path / "run")


def test_a_directory_without_a_machine_is_refused(tmp_path):
    with pytest.raises(ValueError, match="is not a run"):
        nst.load(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="has no model yet"):
        nst.load(tmp_path)


def test_broken_files_are_refused(tmp_path):
    ns.save(tmp_path / "machine", CASES["elman"]())
    weights, spec = tmp_path / "machine" / "model.safetensors", tmp_path / "machine" / "machine.json"
    described = json.loads(spec.read_text())
    spec.write_text(json.dumps(described | {"machine": described["machine"] | {"vocab_size": 6}}))
    with pytest.raises(ValueError, match=re.escape("embedding is torch.float32[5, 4], expected [6, 4]")):
        nst.load(tmp_path / "machine")
    spec.write_text(json.dumps(described | {"machine": described["machine"] | {"controller": {"kind": "Elman"}}}))
    with pytest.raises(ValueError, match="its description is broken"):
        nst.load(tmp_path / "machine")
    spec.write_text(json.dumps(described))
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ValueError, match="is broken or half-written"):
        nst.load(tmp_path / "machine")
