"""A tour of the pointer stack: a buffer and a soft pointer, through which every gradient flows.

Run it with `python examples/soft_stack.py`.
"""

import jax
import jax.numpy as jnp
import optax

import neuralstack as ns

Stack = ns.PointerStack


def push_pop_peek() -> list[float]:
    """Push three numbers, peek, pop, and peek again."""
    state = Stack(width=1).init(steps=3)
    for number in (1.0, 2.0, 3.0):
        state = Stack.push(state, jnp.array([number]))
    first = Stack.peek(state)
    state, popped = Stack.pop(state)
    return [float(seen[0]) for seen in (first, popped, Stack.peek(state))]


def reverse(elements: jax.Array) -> jax.Array:
    """Reverse a list with two stacks: push it onto one, pop it onto the other, and return the buffer of that one."""
    empty = Stack(width=1).init(len(elements), elements.dtype)
    empty = empty._replace(buffer=jnp.zeros_like(elements))

    def push(state, element):
        return Stack.push(state, element), None

    def move(states, _):
        one, other = states
        one, element = Stack.pop(one)
        return (one, Stack.push(other, element)), None

    full, _ = jax.lax.scan(push, empty, elements)
    (_, reversed_stack), _ = jax.lax.scan(move, (full, empty), None, len(elements))
    return reversed_stack.buffer


def learn_input(target: jax.Array, steps: int = 100) -> list[float]:
    """Learn the list whose reversal is `target`; return the loss at each step and at the end."""
    optimizer = optax.adam(0.1)

    def loss(elements):
        return jnp.mean((reverse(elements) - target) ** 2)

    @jax.jit
    def step(elements, state):
        value, gradient = jax.value_and_grad(loss)(elements)
        updates, state = optimizer.update(gradient, state)
        return optax.apply_updates(elements, updates), state, value

    elements = jnp.zeros_like(target)
    state, losses = optimizer.init(elements), []
    for _ in range(steps):
        elements, state, value = step(elements, state)
        losses.append(float(value))
    return [*losses, float(loss(elements))]


def main() -> None:
    """Print all of the tour."""
    top, popped, below = push_pop_peek()
    print(f"pushed 1, 2, 3:          peek {top:g}, pop {popped:g}, peek {below:g}")

    state = Stack.from_buffer(jnp.array([10.0, 20.0, 30.0]))
    state, element = Stack.pop(state)
    print(f"buffer 10, 20, 30:       pop {float(element):g}, peek {float(Stack.peek(state)):g}")

    buffer, between = jnp.array([1.0, 2.0, 4.0]), jnp.array([0.0, 0.5, 0.5])
    print(f"soft_lookup between the last two of 1, 2, 4:  {float(ns.soft_lookup(buffer, between)):g}")
    print(f"soft_assign of 10 there:                      {ns.soft_assign(buffer, between, jnp.array(10.0)).tolist()}")

    numbers = jnp.array([1.0, 2.0, 3.0])
    print(f"1, 2, 3 reversed with two stacks:             {reverse(numbers).tolist()}")
    slopes = jax.grad(lambda numbers: reverse(numbers).sum())(numbers)
    print(f"gradient of the sum of the result:            {slopes.tolist()}")

    losses = learn_input(jnp.array([3.0, 1.0, -0.5, 2.0]))
    print(f"learning an input, 100 steps:                 loss {losses[0]:.2f} -> {losses[-1]:.1e}")


if __name__ == "__main__":
    main()
