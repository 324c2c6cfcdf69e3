"""The same weights with discrete actions."""

import equinox as eqx

from neuralstack.machine import Machine
from neuralstack.memories import AbstractMemory, HardStack, Memories, NeuralStack, NoMemory, Rounded


def harden(machine: Machine) -> Machine:
    """Return a machine with the same weights whose actions are all 0 or 1.

    A neural stack becomes a `HardStack`, whose step costs the same however tall it is; of other memories with strengths
    or mixtures the actions are rounded. A machine without a memory stays as it is.

    Args:
        machine: A trained machine.

    Raises:
        ValueError: If its memory has actions that cannot be rounded.

    Examples:
        >>> import jax, neuralstack as ns
        >>> machine = ns.Machine(ns.NeuralStack(8), ns.GRULayer, 5, hidden=16, embedding=8, key=jax.random.key(0))
        >>> ns.harden(machine).memory
        HardStack(width=8)
    """
    memory = hard_memory(machine.memory)
    return eqx.tree_at(lambda m: m.memory, machine, memory, is_leaf=lambda leaf: isinstance(leaf, AbstractMemory))


def hard_memory(memory: AbstractMemory) -> AbstractMemory:
    """Return the discrete twin of a memory: what reads the same raw actions as 0 or 1."""
    if isinstance(memory, NeuralStack):
        return HardStack(memory.width)
    if isinstance(memory, Memories):
        return Memories(*map(hard_memory, memory.parts))
    return memory if isinstance(memory, HardStack | NoMemory | Rounded) else Rounded(memory)
