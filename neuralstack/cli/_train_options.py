"""The options of `neuralstack train` that define a configuration. Nothing here imports JAX."""

from dataclasses import dataclass, fields
from typing import Any

from neuralstack.cli._kinds import (
    Baseline,
    Curriculum,
    File,
    Flag,
    Name,
    Number,
    Objective,
    Switch,
    Task,
    Text,
    Whole,
    Wholes,
)


@dataclass(frozen=True)
class TrainOptions:
    """Options of training; those that are not given have the defaults of the configuration."""

    task: Task = None
    """The task to learn: one of those in `neuralstack list`; pairs, from the file --data; or your own, FILE.py:NAME."""
    memory: Name = None
    """The memory: stack, queue, deque, hard, nondeterministic, none, pointer, superposition or tape; several joined by
    plus signs, as in stack+queue; options in parentheses, as in superposition(stacks=2); or your own, FILE.py:NAME
    (default: stack)."""
    controller: Name = None
    """The type of the controller's layers: gru, lstm, elman, feedforward or multiplicative; transformer, a network of
    which the memory is a layer, with options as in transformer(num_layers=2, heads=4); or your own, FILE.py:NAME
    (default: gru)."""
    connection: Name = None
    """Connection of controller, memory and answer: layer, feedback, skip or paper; options in parentheses, as in
    skip(gates_see_input=True) (default: layer; skip for characters; paper without a memory; a transformer has none)."""
    readout: Name = None
    """The type of a second controller after the memory, or none (default: none)."""
    hidden_dim: Whole = None
    """Width of the controller's layers, or of a transformer (default: 64)."""
    memory_dim: Whole = None
    """Width of the embedding, other than a transformer's, and of the memory's values (default: 64)."""
    num_layers: Whole = None
    """Number of the controller's layers (default: 1), or of a transformer's blocks (default: 2)."""
    text: File = None
    """The file of the task characters (default: the text that comes with the task)."""
    alphabet: Text = None
    """All characters of that task (default: those of the text)."""
    text_encoding: Name = None
    """The encoding of that file, by its name in Python (default: utf-8)."""
    data: File = None
    """The file of the task pairs, with one {"source": ..., "target": ...} per line."""
    objective: Objective = None
    """The loss (default: supervised)."""
    binarization: Number = None
    """Weight of the term that drives gates toward 0 or 1 (default: depends on the connection)."""
    binarization_start: Whole = None
    """Batches before that term starts (default: 0)."""
    reconstruction: Number = None
    """Weight of the loss for predicting the previous input from the controller's output (default: 0)."""
    input_noise: Number = None
    """Standard deviation of noise on the controller's inputs (default: 0)."""
    input_noise_start: Whole = None
    """Batches before that noise starts (default: 0)."""
    forcing_prob: Number = None
    """For imitation: probability that the textbook algorithm's action replaces the machine's (default: 1)."""
    forcing_decay_steps: Whole = None
    """For imitation: batches over which that probability decays to 0; 0 disables the decay (default: 0)."""
    entropy: Number = None
    """For reinforce: weight of the entropy of the sampled actions (default: 0.01)."""
    baseline: Baseline = None
    """For reinforce: the estimate of the expected return (default: running)."""
    curriculum: Curriculum = None
    """The rule for the lengths of sources (default: depends on the connection)."""
    warmup_lengths: Wholes = None
    """For warmup: the lengths to start with (default: 8 16 32)."""
    linear_steps: Whole = None
    """For linear: batches over which the maximum length grows (default: 500)."""
    adaptive_accuracy: Number = None
    """For adaptive: the fraction of a batch that must be right for the lengths to grow (default: 0.9)."""
    adaptive_batches: Whole = None
    """For adaptive: the number of such batches in a row (default: 3)."""
    balanced_start: Switch = None
    """Whether to fit the gates to the task's strings before training, so that the memory fills and ends up empty
    (default: off; on in the recipes of some tasks)."""
    quantization: Switch = None
    """Whether to finish by rounding states, gates and values at random, ever more often, so that the machine becomes
    exact (default: off; on in the recipes of some tasks)."""
    min_length: Whole = None
    """Shortest source to train and validate on (default: the task's)."""
    max_length: Whole = None
    """Longest source to train and validate on (default: the task's)."""
    learning_rate: Number = None
    """Step size of Adam (default: depends on the connection)."""
    learning_rate_half_life: Whole = None
    """Half-life of the learning rate in batches; 0 keeps it constant (default: 0)."""
    max_grad_norm: Number = None
    """Global norm to which gradients are clipped (default: 1)."""
    epsilon: Number = None
    """Number added to the root of Adam's second moment (default: 1e-8)."""
    batch_size: Whole = None
    """Number of sequences in a batch (default: 50)."""
    max_steps: Whole = None
    """Maximum number of batches to train on, in all attempts together (default: 3000)."""
    stop_after_perfect: Whole = None
    """Stop after this many perfect evaluations in a row; 0 disables early stopping (default: 4)."""
    extra_steps: Whole = None
    """Batches to train on after those evaluations (default: 0)."""
    restart_after: Whole = None
    """Batches without progress after which an attempt still in its warm-up restarts; 0 disables restarts (default:
    depends on task and connection)."""
    begin_within: Whole = None
    """For quantization: batches of an attempt by which its finishing phase must begin, or it restarts; 0 disables such
    restarts (default: 0)."""
    finish_within: Whole = None
    """For quantization: batches after which an attempt whose finishing phase has not made it exact restarts; 0 disables
    such restarts (default: 0)."""
    evaluate_every: Whole = None
    """Batches between evaluations, each of which also writes a checkpoint (default: 50)."""
    state_reset_every: Whole = None
    """Characters after which a controller's state is reset (default: 5000)."""
    log_test: Flag = False
    """Also evaluate on the test set during training, which does not affect any decision."""
    no_log_test: Flag = False
    """Do not evaluate on the test set, though the run of --from does."""
    seed: Whole = None
    """Seed of all randomness in the run (default: 0)."""

    def given(self) -> dict[str, Any]:
        """Return the options that were given, without the task."""
        named = {field.name: getattr(self, field.name) for field in fields(TrainOptions) if field.name != "task"}
        named["pairs"] = named.pop("data")
        log_test, no_log_test = named.pop("log_test"), named.pop("no_log_test")
        if log_test and no_log_test:
            raise ValueError("give --log-test or --no-log-test, not both.")
        named["log_test"] = log_test if log_test or no_log_test else None
        for name in ("balanced_start", "quantization"):
            if named[name] not in (None, "on", "off"):
                raise ValueError(f"--{name.replace('_', '-')} must be on or off, got {named[name]!r}.")
            named[name] = None if named[name] is None else named[name] == "on"
        return {name: value for name, value in named.items() if value is not None}
