"""What a run is made of: its parts, its sizes and its recipe. Plain data, so that the command line starts fast."""

from dataclasses import dataclass
from typing import NamedTuple

from tyro.conf import Positional


class Recipe(NamedTuple):
    """How a machine of one connection is best trained, as far as we measured."""

    learning_rate: float
    """Step size of Adam."""
    first_lengths: tuple[int, ...]
    """Lengths to draw from, equally often, until several batches in a row were all right; none: all from the start."""
    pull: float
    """Weight of the pull of the strengths towards 0 and 1."""
    restart_after: int
    """Steps after which an attempt that is still at its first lengths starts anew; 0: never."""


RECIPES = {
    "layer": Recipe(learning_rate=1e-2, first_lengths=(8, 16, 32), pull=0.02, restart_after=150),
    "feedback": Recipe(learning_rate=1e-2, first_lengths=(8, 16, 32), pull=0.02, restart_after=200),
    "skip": Recipe(learning_rate=1e-2, first_lengths=(8, 16, 32), pull=0.02, restart_after=0),
    "paper": Recipe(learning_rate=3e-3, first_lengths=(), pull=0.0, restart_after=0),
}
"""A recipe for each connection. Short strings must carry a fair share of the gradient until the memory is used."""

STREAMS = {"learning_rate": 3e-3, "first_lengths": (), "pull": 0.0, "restart_after": 0}
"""What differs from that in tasks whose sources are stretches of a stream."""

OBJECTIVES = ("answers", "traces", "reinforce")
"""Learn from the answers alone; also from what a textbook program pushes and pops; or draw actions and learn them."""

BASELINES = ("running", "learned")
"""The return that is to be expected: a mean for each step, or told from what the controller shows."""

CURRICULA = ("first", "uniform", "growing", "success")
"""Lengths to draw from: the first ones until several batches in a row were all right, then all; all from the start; up
to a longest one that grows with the batches; or up to one that grows by 1 when several batches in a row were right."""


@dataclass(frozen=True)
class Config:
    """Everything a run depends on; what is None follows from other options (see `complete`)."""

    task: Positional[str]
    """The task to learn."""
    memory: str = "stack"
    """The memory to learn it with; several are joined by a plus, as in stack+queue."""
    controller: str = "gru"
    """The kind of the controller's layers."""
    connection: str | None = None
    """How they are joined: layer, feedback, skip or paper (unless said, layer; for characters skip; paper where there
    is no memory)."""
    hidden: int = 64
    """Width of the controller's layers."""
    layers: int = 1
    """Number of the controller's layers."""
    width: int = 64
    """Width of the embedding and of the memory's values."""
    text: str = ""
    """File to learn the characters of, in the task characters (unless said, the help that comes with Python)."""
    alphabet: str = ""
    """All characters there are in that task (unless said, those of the text)."""
    carry: int = 5000
    """Characters after which a controller's state is not carried on, but reading begins elsewhere."""
    batch: int = 50
    """Sequences in a batch."""
    steps: int = 3000
    """Most batches to train on, those of all attempts together."""
    min_length: int | None = None
    """Shortest source to train and validate on (unless said, the task's own)."""
    max_length: int | None = None
    """Longest source to train and validate on (unless said, the task's own)."""
    curriculum: str = "first"
    """Which lengths come when: first, uniform, growing or success."""
    first_lengths: tuple[int, ...] | None = None
    """Lengths to start with, until several batches in a row were all right (unless said, by connection)."""
    grow_over: int = 500
    """Batches over which the longest length grows, in the curriculum growing."""
    learning_rate: float | None = None
    """Step size of Adam (unless said, by connection)."""
    halve_every: int = 0
    """Batches over which the learning rate halves, smoothly, again and again; 0: it does not."""
    clip: float = 1.0
    """Largest norm of a gradient."""
    pull: float | None = None
    """Weight of the pull of the strengths towards 0 and 1 (unless said, by connection)."""
    pull_after: int = 0
    """Batches before that pull begins: first learn, then become exact."""
    noise: float = 0.0
    """Standard deviation of noise on what the controller sees in training: states that withstand it last longer."""
    noise_after: int = 0
    """Batches before that noise begins: first learn, then become robust."""
    objective: str = "answers"
    """What to learn from: answers, traces or reinforce."""
    forcing: float = 1.0
    """Probability that an action is the textbook program's, in the objective traces."""
    forcing_steps: int = 0
    """Batches over which that probability decays to 0; 0: it does not."""
    entropy: float = 0.01
    """Weight of the entropy of drawn actions, in the objective reinforce."""
    baseline: str = "running"
    """The expected return in the objective reinforce: running or learned."""
    autoencode: float = 0.0
    """Weight of telling the input before from what the controller shows."""
    restart_after: int | None = None
    """Batches after which an attempt still at its first lengths starts anew; 0: never (unless said, by connection)."""
    evaluate_every: int = 50
    """Batches between evaluations on the validation set; a checkpoint is written with each."""
    patience: int = 4
    """Stop when this many evaluations in a row were perfect; 0: train for all the steps."""
    finish: int = 0
    """Batches to go on after those evaluations, while the pull makes the strengths exact."""
    watch_test: bool = False
    """Whether the curves also show the test set; it decides nothing."""
    seed: int = 0
    """Root of all randomness of the run."""

    @property
    def lengths(self) -> tuple[int, int]:
        """The shortest and the longest source to train on, once the configuration is complete."""
        if self.min_length is None or self.max_length is None:
            raise ValueError("complete the configuration first")
        return self.min_length, self.max_length
