"""The same weights with discrete actions and, where the task is known, with a state that cannot drift."""

import equinox as eqx
import jax

from neuralstack._arguments import require_object
from neuralstack.controllers import AbstractController, BoundedController
from neuralstack.discretization._decisions import decisions
from neuralstack.discretization._walk import draw_walk, visit
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

SEQUENCES = 256  # on which the bounds of the state are found
MOST_DECISIONS = 8  # that tell phases apart: there are 2 to that number


def harden(machine: Machine, task: AbstractTask | None = None) -> Machine:
    """Return a machine with the same weights whose actions are all 0 or 1.

    Its memory becomes what the memory's `discretized` returns: a neural stack a `HardStack`, pointer and superposition
    stacks `HardMixtureStacks`, whose steps cost the same however tall they are; of queue, deque and tape the actions
    are rounded. A machine without a memory stays as it is.

    Rounding removes every leak of strength, but not the drift of the controller: on answers much longer than those it
    was trained on, a state that holds for as long as it had to may still relax until other gates open. Where the
    task is given, the state is therefore bounded by what it was on 256 of its sequences, while the same gates were
    open (see `BoundedController`).

    Args:
        machine: A trained machine.
        task: Its task, with the longest source that it was trained on as `max_length`.

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
    return hardened if task is None or not memory.action_size else bound_state(hardened, task)


def bound_state(machine: Machine, task: AbstractTask) -> Machine:
    """Return a machine whose controller's state stays where it was on sequences of the task's training lengths."""
    walk = draw_walk(task, jax.random.key(0), SEQUENCES)
    visited = visit(machine, walk)
    weights, bias = (array[..., :MOST_DECISIONS] for array in decisions(machine))
    controller = BoundedController.from_trajectories(machine.controller, weights, bias, visited.states, visited.hidden)
    return eqx.tree_at(
        lambda m: m.controller, machine, controller, is_leaf=lambda leaf: isinstance(leaf, AbstractController)
    )
