"""The options of `neuralstack train` that make a configuration. Nothing here imports JAX."""

from dataclasses import dataclass, fields
from typing import Annotated, Any

from tyro.conf import Positional, arg


def choice(*names: str) -> Any:
    """Return the settings of an option that takes one of these names."""
    return arg(metavar="{" + ",".join(names) + "}", help_behavior_hint="")


Name = Annotated[str | None, arg(metavar="NAME", help_behavior_hint="")]
Text = Annotated[str | None, arg(metavar="TEXT", help_behavior_hint="")]
Whole = Annotated[int | None, arg(metavar="N", help_behavior_hint="")]
Number = Annotated[float | None, arg(metavar="X", help_behavior_hint="")]
Wholes = Annotated[tuple[int, ...] | None, arg(metavar="N [N ...]", help_behavior_hint="")]
Objective = Annotated[str | None, choice("supervised", "imitation", "reinforce")]
Curriculum = Annotated[str | None, choice("warmup", "uniform", "linear", "adaptive")]
Connection = Annotated[str | None, choice("layer", "feedback", "skip", "paper")]
Baseline = Annotated[str | None, choice("running", "learned")]


@dataclass(frozen=True)
class TrainOptions:
    """Options of a training; one that is not given has the default of the configuration."""

    task: Positional[Annotated[str | None, arg(metavar="TASK", help_behavior_hint="")]] = None
    """The task to learn: one of those of `neuralstack list`; pairs, of the file --data; or FILE.py:NAME, yours."""
    memory: Name = None
    """The memory: stack, queue, deque, hard, nondeterministic, none, pointer, superposition or tape; several are joined
    by a plus, as in stack+queue; options in parentheses, as in superposition(stacks=2); or FILE.py:NAME, yours
    (default: stack)."""
    controller: Name = None
    """The kind of the controller's layers: gru, lstm, elman or feedforward; or FILE.py:NAME, yours (default: gru)."""
    connection: Connection = None
    """Connection of controller, memory and answer (default: layer; for characters skip; without a memory paper)."""
    hidden_dim: Whole = None
    """Width of the controller's layers (default: 64)."""
    memory_dim: Whole = None
    """Width of the embedding and of the memory's values (default: 64)."""
    num_layers: Whole = None
    """Number of the controller's layers (default: 1)."""
    text: Text = None
    """The file of the task characters (default: the text that comes with the task)."""
    alphabet: Text = None
    """All characters of that task (default: those of the text)."""
    text_encoding: Name = None
    """Name of that file's encoding, one of those of Python (default: utf-8)."""
    data: Text = None
    """The file of the task pairs, one {"source": ..., "target": ...} a line."""
    objective: Objective = None
    """The loss (default: supervised)."""
    binarization: Number = None
    """Weight of the term that draws gates to 0 or 1 (default: by connection)."""
    binarization_start: Whole = None
    """Batches before that term begins (default: 0)."""
    reconstruction: Number = None
    """Weight of predicting the previous input from the controller's output (default: 0)."""
    input_noise: Number = None
    """Standard deviation of the noise on the controller's inputs (default: 0)."""
    input_noise_start: Whole = None
    """Batches before that noise begins (default: 0)."""
    forcing_prob: Number = None
    """For imitation: probability that an action is the textbook algorithm's (default: 1)."""
    forcing_decay_steps: Whole = None
    """For imitation: batches over which that probability decays to 0 (default: 0, it does not)."""
    entropy: Number = None
    """For reinforce: weight of the entropy of the drawn actions (default: 0.01)."""
    baseline: Baseline = None
    """For reinforce: the expected return (default: running)."""
    curriculum: Curriculum = None
    """The rule for the lengths of sources (default: by connection)."""
    warmup_lengths: Wholes = None
    """For warmup: the lengths to start with (default: 8 16 32)."""
    linear_steps: Whole = None
    """For linear: batches over which the longest length grows (default: 500)."""
    min_length: Whole = None
    """Shortest source to train and validate on (default: the task's)."""
    max_length: Whole = None
    """Longest source to train and validate on (default: the task's)."""
    learning_rate: Number = None
    """Step size of Adam (default: by connection)."""
    learning_rate_half_life: Whole = None
    """Batches over which the learning rate halves (default: 0, it stays)."""
    max_grad_norm: Number = None
    """Largest norm of a gradient (default: 1)."""
    batch_size: Whole = None
    """Sequences in a batch (default: 50)."""
    max_steps: Whole = None
    """The most batches to train on, in all attempts together (default: 3000)."""
    stop_after_perfect: Whole = None
    """Stop when this many evaluations in a row are perfect; 0: take all steps (default: 4)."""
    extra_steps: Whole = None
    """Batches to continue after those evaluations (default: 0)."""
    restart_after: Whole = None
    """Batches after which an attempt still in its warm-up starts over; 0: never (default: by task and connection)."""
    evaluate_every: Whole = None
    """Batches between evaluations; a checkpoint is written with each (default: 50)."""
    state_reset_every: Whole = None
    """Characters after which a controller's state is reset (default: 5000)."""
    log_test: bool = False
    """Whether evaluations also measure the test set; nothing is decided by it."""
    seed: Whole = None
    """Source of all randomness of the run (default: 0)."""

    def given(self) -> dict[str, Any]:
        """Return the options that were given, without the task."""
        named = {field.name: getattr(self, field.name) for field in fields(TrainOptions) if field.name != "task"}
        named["pairs"] = named.pop("data")
        return {name: value for name, value in named.items() if value is not None and value is not False}
