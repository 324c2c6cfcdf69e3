"""The memory of the computer that training needs, estimated before anything is built."""

from neuralstack._computer import require_room
from neuralstack.training._config import Config, MachineConfig
from neuralstack.training._network_names import network_from_name

GATES = {"elman": 1, "feedforward": 1, "gru": 3}  # weight matrices in a layer; at most 4


def check_memory_size(config: Config, members: int = 1) -> None:
    """Check, before anything is built, that runs trained together do not need more memory than the computer has.

    Raises:
        ValueError: If they do; the message gives the estimate.
    """
    steps = 2 * config.lengths[1]
    weights, numbers = sizes_of(config.machine, steps)
    activations = steps * config.batch_size * numbers
    weights, activations = members * weights, members * activations
    require_room(
        4 * (4 * weights + activations),  # weights, their gradients and Adam's two moments, in single precision
        "this training needs" if members == 1 else f"these {members} trainings need",
        "choose a smaller hidden_dim, memory_dim, num_layers, batch_size or max_length"
        + ("" if members == 1 else ", or fewer seeds"),
        parts=f"{16 * weights / 2**30:.0f} for weights and optimizer, {4 * activations / 2**30:.0f} for a batch",
    )


def sizes_of(machine: MachineConfig, steps: int) -> tuple[int, int]:
    """Return about how many weights a machine has, and how many numbers a step keeps for the backward pass."""
    layers, hidden, width = machine.num_layers or 1, machine.hidden_dim, machine.memory_dim
    if (network := network_from_name(machine.controller)) is not None:
        layers = machine.num_layers or network.option("num_layers")
        heads = network.option("heads")  # each keeps a number for every step that it sees
        return layers * 12 * hidden**2 + 3 * hidden * width, layers * (16 * hidden + heads * steps) + 4 * width
    gates = GATES.get(machine.controller, 4)
    layers += machine.readout != "none"
    return layers * 2 * gates * hidden**2 + 3 * hidden * width, gates * hidden * layers + 4 * width
