"""The configuration of a run: a tree of plain, frozen dataclasses whose fields are annotated with bounds."""

from dataclasses import dataclass, field
from typing import Annotated

from neuralstack.training._bounds import Bounds, Rate, Seed, Size, Steps
from neuralstack.training._curriculum import Adaptive, Linear, Uniform, Warmup
from neuralstack.training._quantization import Quantization
from neuralstack.training._stopping import Stopping
from neuralstack.training.objectives import Imitation, Reinforce, Supervised

Width = Annotated[int, Bounds(1, 100_000)]
Layers = Annotated[int, Bounds(1, 100)]


@dataclass(frozen=True)
class DataConfig:
    """The data of a task that reads a file."""

    text: str = ""
    """The file of the task characters. Defaults to the text that comes with the task."""
    alphabet: str = ""
    """All characters that the task may use. Defaults to those of the text."""
    text_encoding: str = "utf-8"
    """The encoding of that file, by its name in Python."""
    pairs: str = ""
    """The file of the task pairs, with one `{"source": ..., "target": ...}` per line."""


@dataclass(frozen=True)
class MachineConfig:
    """The parts of a machine and their sizes."""

    memory: str = "stack"
    """Name of the memory, or several joined by plus signs, as in stack+queue."""
    controller: str = "gru"
    """Name of the type of the controller's layers; or of a network, with options in parentheses as in
    transformer(num_layers=2, heads=4), of which the memory is a layer."""
    connection: str | None = None
    """Name of the connection, with options in parentheses as in skip(gates_see_input=True). Defaults to paper without a
    memory, to skip for characters, otherwise to layer. A Transformer has none."""
    readout: str = "none"
    """Name of the type of a second controller after the memory, of one layer; none leaves it out."""
    num_layers: Layers | None = None
    """Number of the controller's layers, or of a Transformer's blocks. Defaults to 1 and to 2."""
    hidden_dim: Width = 64
    """Width of the controller's layers, or of a Transformer."""
    memory_dim: Width = 64
    """Width of the embedding, other than a Transformer's, and of the memory's values."""


@dataclass(frozen=True)
class OptimizerConfig:
    """The settings of Adam with clipping (`clipped_adam`)."""

    learning_rate: Rate | None = None
    """The step size. Defaults to that of the connection's recipe."""
    learning_rate_half_life: Steps = 0
    """Half-life of the learning rate in batches, with smooth exponential decay; 0 keeps it constant."""
    max_grad_norm: Rate = 1.0
    """The global norm to which gradients are clipped."""
    epsilon: Rate = 1e-8
    """Number added to the root of Adam's second moment."""


@dataclass(frozen=True)
class Config:
    """Everything that a run depends on; fields that are None are filled in from the others (see `complete`).

    Examples:
        >>> import neuralstack as ns
        >>> config = ns.Config("reversal", machine=ns.MachineConfig(controller="lstm"), objective=ns.Imitation())
        >>> config.machine.memory, config.objective.forcing_prob
        ('stack', 1.0)
    """

    task: str
    """Name of the task to learn."""
    data: DataConfig = field(default_factory=DataConfig)
    """The data of a task that reads a file."""
    machine: MachineConfig = field(default_factory=MachineConfig)
    """The machine to train."""
    objective: Supervised | Imitation | Reinforce = field(default_factory=Supervised)
    """The loss."""
    curriculum: Warmup | Uniform | Linear | Adaptive | None = None
    """The rule for the lengths of sources. Defaults to that of the connection's recipe."""
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    """The optimizer's settings."""
    balanced_start: bool = False
    """Whether the gates are first fitted to the task's strings, so that the memory fills and ends up empty."""
    quantization: Quantization | None = None
    """The finishing phase that makes the machine exact. Defaults to none."""
    stopping: Stopping = field(default_factory=Stopping)
    """The rule for stopping early, and for restarts."""
    batch_size: Annotated[int, Bounds(1, 100_000)] = 50
    """Sequences in a batch."""
    max_steps: Size = 3000
    """Maximum number of batches to train on, in all attempts together."""
    min_length: Size | None = None
    """Shortest source to train and validate on. Defaults to the task's."""
    max_length: Size | None = None
    """Longest source to train and validate on. Defaults to the task's."""
    evaluate_every: Size = 50
    """Batches between evaluations on the validation set, each of which also writes a checkpoint."""
    state_reset_every: Size = 5000
    """Characters after which a controller's state is reset (truncated backpropagation through time)."""
    log_test: bool = False
    """Whether evaluations also include the test set, which does not affect any decision."""
    seed: Seed = 0
    """Seed of all randomness in the run."""

    @property
    def lengths(self) -> tuple[int, int]:
        """The shortest and the longest source, once the configuration is complete."""
        if self.min_length is None or self.max_length is None:
            raise ValueError("lengths are known only once a configuration is complete: call complete(config) first.")
        return self.min_length, self.max_length
