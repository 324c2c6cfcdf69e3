"""One compiled program for training: it draws its own batches and steps until told to stop, or until it is ill."""

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from neuralstack.machine import Machine
from neuralstack.metrics import cross_entropy, score
from neuralstack.tasks import AbstractTask, Example
from neuralstack.training._build import build_machine, build_task
from neuralstack.training._config import Config

HEALTHY, NOT_FINITE, VANISHED = 0, 1, 2
SETTLED_AFTER = 5  # batches in a row that are all right
VANISHING_NORM = 1e-10


class Program(NamedTuple):
    """What the compiled program depends on: runs that differ in nothing else share one compilation."""

    task: AbstractTask
    batch: int
    clip: float
    pull: float
    min_length: int
    first_lengths: tuple[int, ...]

    @classmethod
    def of(cls, config: Config) -> "Program":
        """Return the program of a complete configuration."""
        values = {name: getattr(config, name) for name in cls._fields if name != "task"}
        return cls(build_task(config), **values)

    def optimiser(self) -> optax.GradientTransformation:
        """Return Adam (Kingma & Ba, 2015) of rate 1 after clipping the gradient's norm; each state has its own rate."""
        return optax.chain(optax.clip_by_global_norm(self.clip), optax.scale_by_adam())


class TrainState(eqx.Module):
    """All that training changes: what a checkpoint holds, and what resuming needs."""

    machine: Machine
    optimiser: Any
    learning_rate: Float[Array, ""]
    seed: Int[Array, ""]
    attempt: Int[Array, ""]
    """How often training has started anew."""
    attempt_start: Int[Array, ""]
    """The step at which this attempt began."""
    step: Int[Array, ""]
    """Batches trained on, those of all attempts together."""
    streak: Int[Array, ""]
    """Batches in a row that were all right."""
    settled: Bool[Array, ""]
    """Whether this attempt has left its first lengths."""
    counted: Int[Array, ""]
    """Batches since the last evaluation; `loss` and `accuracy` are sums over them."""
    loss: Float[Array, ""]
    accuracy: Float[Array, ""]
    problem: Int[Array, ""]
    """Why training cannot go on, if it cannot; the weights are then those before the step that failed."""


def begin(config: Config, attempt: int = 0, step: int = 0) -> TrainState:
    """Return the state at the start of an attempt; its weights follow from the run's seed and the attempt's number."""
    key = attempt_key(jnp.asarray(config.seed), jnp.asarray(attempt))
    machine = jax.jit(build_machine, static_argnums=0)(shape_of(config), jax.random.fold_in(key, 0))
    zero, now = jnp.zeros((), jnp.int32), jnp.asarray(step, jnp.int32)
    return TrainState(
        machine=machine,
        optimiser=Program.of(config).optimiser().init(machine),
        learning_rate=jnp.asarray(config.learning_rate, jnp.float32),
        seed=jnp.asarray(config.seed, jnp.int32),
        attempt=jnp.asarray(attempt, jnp.int32),
        attempt_start=now,
        step=now,
        streak=zero,
        settled=jnp.asarray(not config.first_lengths),
        counted=zero,
        loss=jnp.zeros(()),
        accuracy=jnp.zeros(()),
        problem=zero,
    )


def shape_of(config: Config) -> Config:
    """Return the configuration without what its machine's shapes do not depend on: what compilations can share."""
    default = Config(config.task)
    kept = ("memory", "controller", "wiring", "hidden", "layers", "width", "min_length", "max_length")
    return replace(default, **{name: getattr(config, name) for name in kept})


def attempt_key(seed: Int[Array, ""], attempt: Int[Array, ""]) -> Array:
    """Return the key from which everything random in an attempt follows."""
    return jax.random.fold_in(jax.random.key(seed), attempt)


@partial(jax.jit, static_argnames="program")
def train_until(state: TrainState, program: Program, until: Int[Array, ""] | int) -> TrainState:
    """Train until step `until`, or until the loss or a gradient is ill."""
    return jax.lax.while_loop(
        lambda state: (state.step < until) & (state.problem == HEALTHY), lambda state: train_step(state, program), state
    )


def train_step(state: TrainState, program: Program) -> TrainState:
    """Draw one batch and take one step on it; a step that went wrong leaves weights and optimiser as they were."""
    batch = draw_batch(state, program)
    (_, (loss, right)), gradient = jax.value_and_grad(objective, has_aux=True)(state.machine, batch, program)
    norm = optax.tree.norm(gradient)
    # What learns is the controller: the bias of the answer has a gradient even where nothing else can be reached.
    vanished = (optax.tree.norm(gradient.controller) < VANISHING_NORM) & (right < 1)
    finite = jnp.isfinite(loss) & jnp.isfinite(norm)
    problem = jnp.select([~finite, vanished], [NOT_FINITE, VANISHED], HEALTHY).astype(jnp.int32)
    updates, optimiser = program.optimiser().update(gradient, state.optimiser)
    updates = jax.tree.map(lambda update: -state.learning_rate * update, updates)
    machine, optimiser = jax.tree.map(
        lambda new, old: jnp.where(problem == HEALTHY, new, old),
        (eqx.apply_updates(state.machine, updates), optimiser),
        (state.machine, state.optimiser),
    )
    streak = jnp.where(right == 1, state.streak + 1, 0)
    return TrainState(
        machine=machine,
        optimiser=optimiser,
        learning_rate=state.learning_rate,
        seed=state.seed,
        attempt=state.attempt,
        attempt_start=state.attempt_start,
        step=state.step + (problem == HEALTHY),
        streak=streak,
        settled=state.settled | (streak >= SETTLED_AFTER),
        counted=state.counted + 1,
        loss=state.loss + loss,
        accuracy=state.accuracy + right,
        problem=problem,
    )


def draw_batch(state: TrainState, program: Program) -> tuple[Example, Int[Array, ""]]:
    """Draw the batch of the state's step, time first, and say how many steps its longest sequence takes.

    The key is that of the attempt with the step folded in, so a resumed run draws what it would have drawn.
    """
    key = jax.random.fold_in(attempt_key(state.seed, state.attempt), 1 + state.step)
    first_key, all_key, example_key = jax.random.split(key, 3)
    task = program.task
    lengths = jax.random.randint(all_key, (program.batch,), program.min_length, task.max_length + 1)
    if program.first_lengths:
        first = jax.random.choice(first_key, jnp.array(program.first_lengths), (program.batch,))
        lengths = jnp.where(state.settled, lengths, first)
    batch = jax.vmap(task.sample, out_axes=1)(jax.random.split(example_key, program.batch), lengths)
    return batch, task.used_steps(lengths.max())


def objective(machine: Machine, batch: tuple[Example, Int[Array, ""]], program: Program):
    """Return what is minimised, and beside it the cross-entropy alone and the fraction of sequences all right."""
    (inputs, targets, mask), steps = batch
    output, action = machine.batch(inputs, steps)
    # Steps beyond the longest sequence are not defined; nothing of them may reach the loss.
    loss = cross_entropy(output, targets, mask).mean()
    gates = machine.memory.gates(action)
    taken = (jnp.arange(len(inputs)) < steps)[:, None, None]
    fuzzy = jnp.where(taken, 4 * gates * (1 - gates), 0.0).sum() / (steps * program.batch)
    right = score(jnp.argmax(output, -1) == targets, mask).coarse.mean()
    return loss + program.pull * fuzzy, (loss, right)
