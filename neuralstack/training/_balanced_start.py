"""Gates that are fitted to the strings of a task before training, so that the memory fills and empties."""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from neuralstack.machine import Machine
from neuralstack.memories import AbstractMemory
from neuralstack.tasks import AbstractTask
from neuralstack.training._curriculum import Uniform
from neuralstack.training._draw import draw_examples

STEPS = 600
BATCH_SIZE = 128
LEARNING_RATE = 0.1
CLOSED = -2.0  # logit of a gate at first: few tokens are to act on a memory
NOISE = 0.5  # standard deviation around it, which tells several memories apart
LARGEST = 4.0  # logit: strengths from 0.02 to 0.98, so that training can still change them
STEP_COST = 0.1  # of the mean sum of the gates at a step
TOKEN_COST = 0.15  # of a token's gates: a rare one that fills the memory a little must not act on it
TOKEN_COSTS = 2.0  # of the gates of all tokens, at most: with a large vocabulary, many tokens may act


def balanced_start(machine: Machine, task: AbstractTask, *, key: PRNGKeyArray) -> Machine:
    r"""Fit the gates of a machine to the strings of a task, so that the memory fills in between and ends up empty.

    Before anything useful is pushed, reading is useless, and the reverse; a controller that can remember short strings
    by itself never begins. A pushdown automaton that accepts by empty stack matches every push by a pop, whatever it
    computes. So, before training, each token gets those gates (push and pop strengths) that minimize

    $\log(1 + S_T) - \log\left(1 + \frac{1}{T} \sum_t S_t\right)$

    on the task's inputs, where $S_t$ is the total strength that a stack or a queue holds after step $t$ of $T$, plus a
    small cost of every gate. No target is looked at. The weights from the input to the gates are then the least-squares
    solution for the machine's embeddings; all others stay as they are.

    Args:
        machine: A machine whose gates see the input (`Connection(gates_see_input=True)`).
        task: The task; sources of all its lengths up to `max_length` are drawn.
        key: Random key for the strings and for the gates at first.

    Raises:
        ValueError: If the gates do not see the input, the memory has no total strength, or the task is a stream.

    Examples:
        >>> import jax, jax.numpy as jnp, neuralstack as ns
        >>> key, task = jax.random.key(0), ns.TASKS["modular-arithmetic-brackets"](max_length=20)
        >>> connection = ns.Connection(feedback=1.0, gates_see_input=True, gates_see_state=False)
        >>> machine = ns.Multiplicative(16, 8, key=key), ns.NeuralStack(16), task.vocab_size
        >>> machine = ns.balanced_start(ns.Machine(*machine, connection=connection, key=key), task, key=key)
        >>> action = machine.trace(jnp.array(task.encode("(1-(2+3))"))).action
        >>> print("pushes", action.push.round().astype(int), "pops", action.pop.round().astype(int))
        pushes [1 0 0 1 0 0 0 0 0] pops [0 0 0 0 0 0 0 1 1]
    """
    check_balanced_start(machine, task)
    return _balanced(machine, task, min(task.train_lengths[0], task.max_length), key)


def check_balanced_start(machine: Any, task: AbstractTask) -> None:
    """Check that the gates of a machine can be fitted to a task.

    Raises:
        ValueError: If the gates do not see the input, the memory has no total strength, or the task is a stream.
    """
    if task.streams:
        raise ValueError("a balanced start needs strings that end, but a text has no end: leave it out.")
    if not isinstance(machine, Machine):
        raise ValueError(f"a balanced start needs a Machine, got {type(machine).__name__}: leave it out.")
    if not machine.connection.gates_see_input:
        raise ValueError("a balanced start needs gates that see the input: set gates_see_input, or leave it out.")
    if not _num_totals(machine.memory):
        raise ValueError(
            "a balanced start needs a memory with total_strengths(action), such as a stack or a queue, got "
            f"{type(machine.memory).__name__}: leave it out."
        )


def imbalance(memory: AbstractMemory, action: Any, own: Bool[Array, "steps batch"]) -> Float[Array, ""]:
    """Return how far a memory is from being full in between and empty at the end: the less, the better.

    It is 0 for a memory that is never used, above 0 for one that only grows, and below 0 for one that fills and
    empties, averaged over the sequences and added over the stacks and queues of the memory.

    Args:
        memory: The memory.
        action: Its actions, at every step of every sequence.
        own: Mask of the steps that belong to each sequence: a number of first ones.
    """
    totals = jax.vmap(memory.total_strengths, in_axes=1, out_axes=1)(action)
    own = own[..., None]
    is_last = own & ~jnp.concatenate([own[1:], jnp.zeros_like(own[:1])])
    average = jnp.where(own, totals, 0.0).sum(0) / jnp.maximum(own.sum(0), 1)
    return (jnp.log1p(jnp.where(is_last, totals, 0.0).sum(0)) - jnp.log1p(average)).mean(0).sum()


@eqx.filter_jit
def _balanced(machine: Machine, task: AbstractTask, shortest: int, key: PRNGKeyArray) -> Machine:
    gates = sum(machine.memory.gate_widths)
    logits = _fit_gates(machine.memory, task, (shortest, task.max_length), key)
    weights = jnp.linalg.lstsq(machine.embedding, logits.astype(machine.embedding.dtype))[0]
    return eqx.tree_at(
        lambda machine: (machine.direct.gates_from_input, machine.action_bias),
        machine,
        (
            machine.direct.gates_from_input.at[:, :gates].set(weights),  # pyright: ignore[reportOptionalMemberAccess]
            machine.action_bias.at[:gates].set(0.0),
        ),
    )


def _fit_gates(
    memory: AbstractMemory, task: AbstractTask, bounds: tuple[int, int], key: PRNGKeyArray
) -> Float[Array, "vocab gates"]:
    """Return the logits of each token's gates."""
    optimizer, curriculum = optax.adam(LEARNING_RATE), Uniform()
    shape = task.vocab_size, sum(memory.gate_widths)
    logits = CLOSED + NOISE * jax.random.normal(key, shape)

    def step(number, learned):
        logits, state = learned
        drawn = jax.random.fold_in(key, number)
        batch = draw_examples(task, curriculum, curriculum.init(bounds), jnp.zeros((), int), drawn, BATCH_SIZE, bounds)
        gradient = jax.grad(partial(_cost, memory))(logits, batch.example.inputs, batch.own)
        updates, state = optimizer.update(gradient, state)
        return jnp.clip(logits + updates, -LARGEST, LARGEST), state

    return jax.lax.fori_loop(0, STEPS, step, (logits, optimizer.init(logits)))[0]


def _cost(
    memory: AbstractMemory,
    logits: Float[Array, "vocab gates"],
    inputs: Int[Array, "steps batch"],
    own: Bool[Array, "steps batch"],
) -> Float[Array, ""]:
    values = jnp.zeros((*inputs.shape, sum(memory.value_widths)))
    action = jax.vmap(jax.vmap(memory.decode))(jnp.concatenate([logits[inputs], values], axis=-1))
    gates = jax.vmap(jax.vmap(memory.gates))(action).sum(-1)
    per_token = min(TOKEN_COST, TOKEN_COSTS / len(logits)) * jax.nn.sigmoid(logits).sum()
    per_step = jnp.where(own, gates, 0.0).sum() / own.sum()
    return imbalance(memory, action, own) + STEP_COST * per_step + per_token


def _num_totals(memory: AbstractMemory) -> int:
    """Return how many total strengths a memory has."""
    raw = jnp.zeros((1, memory.action_size))
    return jax.eval_shape(lambda raw: memory.total_strengths(jax.vmap(memory.decode)(raw)), raw).shape[-1]
