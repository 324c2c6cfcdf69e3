"""Stack manipulation: a deterministic context-free task."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from neuralstack.tasks._bits import up_to_terminator
from neuralstack.tasks._formats import Pair
from neuralstack.tasks.chomsky._base import AbstractChomskyTask, draw_below, require

POP, PUSH_0, PUSH_1 = 2, 3, 4


@dataclass(frozen=True)
class StackManipulation(AbstractChomskyTask):
    """Perform pushes and pops on a stack of bits, and write its final content (Delétang et al., 2023).

    A source is the stack's initial content, bottom first, and then actions: symbol 2 pops, which does nothing to an
    empty stack, 3 pushes a 0 and 4 pushes a 1. The answer is the stack, top first, then a 2, and zeros up to one symbol
    more than the source; what comes after the 2 is not scored. Of n symbols, 1 to n - 1 are content, at least one bit;
    this number and each symbol are uniform.

    Examples:
        >>> task = StackManipulation()
        >>> task.answer(task.encode("0 1 1 pop push0"))
        [0, 1, 0, 2, 0, 0]
    """

    @property
    def vocabulary(self):
        return "0", "1", "pop", "push0", "push1"

    def draw(self, key, length):
        count_key, content_key, action_key = jax.random.split(key, 3)
        size = self.max_length
        count = jax.random.randint(count_key, (), 1, jnp.maximum(length, 2))
        content, actions = draw_below(content_key, size, 2), POP + draw_below(action_key, size, 3)
        source = jnp.where(jnp.arange(size) < count, content, actions)

        def advance(carry, step):
            stack, height = carry
            symbol, inside = step
            pushes, bit = inside & (symbol != POP), jnp.where(symbol < POP, symbol, symbol - PUSH_0)
            stack = jnp.where(pushes, stack.at[height].set(bit), stack)
            return (stack, jnp.maximum(height + pushes - (inside & (symbol == POP)), 0)), None

        start = jnp.zeros(size + 1, int), jnp.array(0)
        (stack, height), _ = jax.lax.scan(advance, start, (source, jnp.arange(size) < length))
        index = jnp.arange(size + 1)
        below = stack[jnp.clip(height - 1 - index, 0)]
        target = jnp.where(index < height, below, jnp.where(index == height, 2, 0))
        return Pair(source, length, target, length + 1)

    def answer(self, source):
        require(source, PUSH_1 + 1, "bits and actions, 0 to 4")
        stack, acted = [], False
        for symbol in source:
            if symbol < POP and acted:
                raise ValueError("a source is the stack's bits and then actions, got a bit after an action.")
            acted = acted or symbol >= POP
            if symbol != POP:
                stack.append(symbol if symbol < POP else symbol - PUSH_0)
            elif stack:
                stack.pop()
        return [*stack[::-1], 2, *[0] * (len(source) - len(stack))]

    def answer_length(self, source_length):
        return source_length + 1

    def scored(self, pair):
        return (jnp.arange(len(pair.target)) < pair.target_length) & up_to_terminator(pair.target)
