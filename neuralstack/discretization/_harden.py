"""The same weights with discrete actions and, if the task is given, with a state that cannot drift."""

import equinox as eqx
import jax

from neuralstack._arguments import require_object
from neuralstack.controllers import AbstractController, BoundedController
from neuralstack.discretization._decisions import decisions
from neuralstack.discretization._walk import draw_walk, visit
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

SEQUENCES = 256  # from which the bounds of the state are found
MOST_DECISIONS = 8  # that distinguish phases: there are up to 2**8 of them


def harden(machine: Machine, task: AbstractTask | None = None) -> Machine:
    """Return a machine with the same weights whose actions are all 0 or 1.

    Its memory is replaced by the result of the memory's `discretized`: a `HardStack` for a neural stack, and
    `HardMixtureStacks` for pointer and superposition stacks, both with a cost per step that does not depend on their
    height; for queue, deque and tape, the same memory with rounded actions. A machine without a memory is unchanged.

    Rounding removes every leak of strength, but not the drift of the controller: on answers much longer than those in
    training, a state that held for as long as training required may still drift until other gates open. If the task is
    given, the state is therefore clipped to its range on 256 sequences of the task while the same gates were open (see
    `BoundedController`). A machine trained with quantization noise needs no such bounds: its state is rounded too, and
    cannot drift.

    Args:
        machine: A trained machine.
        task: Its task, whose `max_length` is the longest source that it was trained on.

    Raises:
        TypeError: If the model is not a machine.
        ValueError: If its memory has no discrete form.

    Examples:
        >>> import jax, neuralstack as ns
        >>> key = jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(8, 16, key=key), ns.NeuralStack(8), 5, key=key)
        >>> ns.harden(machine).memory
        HardStack(width=8)
    """
    require_object("machine", machine, Machine, "ns.Machine(...)")
    memory = machine.memory.discretized()
    hardened = eqx.tree_at(lambda m: m.memory, machine, memory, is_leaf=lambda leaf: leaf is machine.memory)
    drifts = not machine.quantized and memory.action_size
    return bound_state(hardened, task) if drifts and task is not None else hardened


def bound_state(machine: Machine, task: AbstractTask) -> Machine:
    """Return a machine whose controller's state is clipped to its range on sequences of the training lengths."""
    walk = draw_walk(task, jax.random.key(0), SEQUENCES)
    visited = visit(machine, walk)
    weights, bias = (array[..., :MOST_DECISIONS] for array in decisions(machine))
    controller = BoundedController.from_trajectories(machine.controller, weights, bias, visited.states, visited.hidden)
    return eqx.tree_at(
        lambda m: m.controller, machine, controller, is_leaf=lambda leaf: isinstance(leaf, AbstractController)
    )
