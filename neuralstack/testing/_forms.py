"""Everything that a memory does with a sequence of raw actions, in one program that is compiled once."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from neuralstack.memories import AbstractMemory


class Forms(NamedTuple):
    """Reads and gradients of one sequence, as a run and as single steps, and what else the memory gives."""

    reads: Float[Array, "steps read"]
    gradient: Float[Array, "steps action"]
    """With respect to the raw numbers, from a given cotangent of the reads of a run."""
    step_reads: Float[Array, "steps read"]
    step_gradient: Float[Array, "steps action"]
    short_reads: Float[Array, "steps read"]
    """Of a run of one step fewer."""
    roomy_reads: Float[Array, "steps read"]
    """Of single steps in a memory with room for twice as many."""
    strengths: Float[Array, "steps cells"]
    gates: Float[Array, "steps gates"]
    margins: dict[str, Array]
    action: Any


def forms(memory: AbstractMemory, raw: Float[Array, "steps action"], cotangent: Float[Array, "steps read"]) -> Forms:
    """Return all forms of a sequence."""

    def by_run(raw):
        return memory.run(jax.vmap(memory.decode)(raw))

    def by_steps(raw):
        return scan(memory, raw, len(raw))[0]

    reads, run_vjp = jax.vjp(by_run, raw)
    step_reads, step_pull = jax.vjp(by_steps, raw)
    action = jax.vmap(memory.decode)(raw)
    (gradient,), (step_gradient,) = (
        run_vjp(cotangent.astype(reads.dtype)),
        step_pull(cotangent.astype(step_reads.dtype)),
    )
    return Forms(
        reads=reads,
        gradient=gradient,
        step_reads=step_reads,
        step_gradient=step_gradient,
        short_reads=memory.run(action, jnp.asarray(len(raw) - 1)),
        roomy_reads=scan(memory, raw, 2 * len(raw))[0],
        strengths=scan(memory, raw, len(raw))[1],
        gates=jax.vmap(memory.gates)(action),
        margins=jax.vmap(memory.margins)(action),
        action=action,
    )


def scan(memory: AbstractMemory, raw: Float[Array, "steps action"], room: int) -> tuple[Array, Array]:
    """Return the read and the strengths after each step of a loop over the memory's step."""

    def step(state, raw):
        state, read = memory.step(state, memory.decode(raw))
        return state, (read, memory.strengths(state))

    return jax.lax.scan(step, memory.init(room, raw.dtype), raw)[1]
