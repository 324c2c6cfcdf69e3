"""The control of a hardened machine: its controller and its answer, with whatever a test says that its memory shows."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from neuralstack.automata import StackTransducer
from neuralstack.discretization import decoded_ends
from neuralstack.machine import Machine, act, answer, rounding_of
from neuralstack.tasks import AbstractTask
from neuralstack.verification._conformance import Subject
from neuralstack.verification._control import Output, Word
from neuralstack.verification._result import NotProved
from neuralstack.verification._sources import drawn_batches

SEQUENCES, LONGEST = 512, 40  # that are drawn to see which vectors are values of which kind
MOST_VECTORS = 16  # of a kind
CHUNK = 4096  # words that are run at once
STEPS = 4  # by which their length grows: few different ones need few compilations

Vectors = list[list[Float[np.ndarray, "vectors width"]]]
"""For each memory and each kind of value, vectors that are pushed as such."""


def machine_control(machine: Machine, task: AbstractTask, program: StackTransducer) -> Subject:
    """Return the control of a hardened machine, to be tested for its conformance with the machine's program.

    What a memory shows is the first vector that the machine pushed where its program pushes a value of that kind, on
    sequences drawn from the task. A vector that is pushed in a test is of the kind of the nearest one of these.

    Args:
        machine: The hardened machine.
        task: Its task.
        program: Its program.

    Raises:
        NotProved: If a kind of value is never pushed on the drawn sequences.
    """
    vectors = pushed_vectors(machine, task, program)
    for names, of_memory in zip(program.kinds, vectors, strict=True):
        for name, found in zip(names, of_memory, strict=True):
            if not len(found):
                raise NotProved(f"no sequence that was drawn pushes a value of the kind {name!r}")

    def subject(words: Sequence[Word]) -> Iterator[list[Output]]:
        rest = iter(words)
        while some := list(islice(rest, CHUNK)):
            yield from outputs(machine, some, vectors)

    return subject


def pushed_vectors(machine: Machine, task: AbstractTask, program: StackTransducer) -> Vectors:
    """Return some vectors that a machine pushes as values of each kind, on sequences drawn from its task."""
    found: list[list[dict[bytes, np.ndarray]]] = [[{} for _ in kinds] for kinds in program.kinds]
    (drawn,) = drawn_batches(task, min(LONGEST, task.max_length), SEQUENCES)
    values = [np.asarray(action.value) for action in _actions(machine, drawn.tokens)]
    for row, used in enumerate(drawn.used):
        for step, (_, pushes, _) in enumerate(program.actions(drawn.tokens[row, :used].tolist())):
            for memory, kind in enumerate(pushes):
                if kind is not None and len(found[memory][kind]) < MOST_VECTORS:
                    vector = values[memory][row, step]
                    found[memory][kind].setdefault(vector.tobytes(), vector)
    width = [value.shape[-1] for value in values]
    return [
        [np.array(list(of_kind.values())).reshape(-1, size) for of_kind in of_memory]
        for of_memory, size in zip(found, width, strict=True)
    ]


def outputs(machine: Machine, words: Sequence[Word], vectors: Vectors) -> Iterator[list[Output]]:
    """Yield the outputs of a machine's control for some words."""
    steps = -(-max(map(len, words)) // STEPS) * STEPS
    tokens = np.zeros((CHUNK, steps), np.int32)
    reads = np.zeros((CHUNK, steps, machine.memory.read_size), machine.embedding.dtype)
    shown: dict[Any, np.ndarray] = {}
    for row, word in enumerate(words):
        for step, given in enumerate(word):
            if given.reads not in shown:
                shown[given.reads] = read_of(machine, given.reads, vectors)
            tokens[row, step], reads[row, step] = given.token or 0, shown[given.reads]
    answered, actions = jax.device_get(_outputs(machine, tokens, reads))
    kinds = [nearest(action.value, of) for action, of in zip(actions, vectors, strict=True)]
    for row, word in enumerate(words):
        yield [
            Output(
                int(answered[row, step]),
                None if given.token is None else action_at(actions, kinds, (row, step), given.reads),
            )
            for step, given in enumerate(word)
        ]


def read_of(machine: Machine, shown: Sequence[int | None], vectors: Vectors) -> Float[np.ndarray, " read"]:
    """Return the read of memories that show values of these kinds."""
    parts = [
        np.full(of[0].shape[1], end.empty) if kind is None else of[kind][0]
        for kind, of, end in zip(shown, vectors, machine.memory.ends(), strict=True)
    ]
    return np.concatenate([np.zeros(0), *parts])


def nearest(
    values: Float[np.ndarray, "words steps width"], of_memory: list[Float[np.ndarray, "vectors width"]]
) -> Int[np.ndarray, "words steps"]:
    """Return for each value the kind of the nearest known vector."""
    known = np.concatenate(of_memory)
    kind_of = np.concatenate([np.full(len(of), kind) for kind, of in enumerate(of_memory)])
    flat = values.reshape(-1, values.shape[-1])
    distances = (known**2).sum(-1) - 2 * flat @ known.T
    return kind_of[distances.argmin(-1)].reshape(values.shape[:-1])


def action_at(actions: Any, kinds: Any, place: tuple[int, int], shown: Sequence[int | None]) -> Any:
    """Return the action of a step. Popping nothing is not popping."""
    pops = tuple(
        bool(action.pop[place] > 0.5) and kind is not None for action, kind in zip(actions, shown, strict=True)
    )
    pushes = tuple(
        int(kind[place]) if action.push[place] > 0.5 else None for action, kind in zip(actions, kinds, strict=True)
    )
    return pops, pushes


@jax.jit
def _actions(machine, tokens):
    """Return the actions on each stack and queue, at each step of each sequence."""
    shown = jax.vmap(machine.trace)(tokens).action
    return machine.memory.end_actions(shown)


@jax.jit
def _outputs(machine, tokens, reads):
    """Return the answer before each token, by what is shown, and the actions on each stack and queue."""
    rounding = rounding_of(machine.quantized)

    def step(carry, given):
        controller, hidden, readout = carry
        time, token, read = given
        after, logits = answer(machine, readout, hidden, read)
        readout = jax.tree.map(lambda old, new: jnp.where(time == 0, old, new), readout, after)
        embedded, seen = machine.embedding[token], jnp.where(time == 0, 0, read)
        controller, hidden, raw = act(
            machine, controller, machine.controller.project(embedded), embedded, seen, rounding
        )
        return (controller, hidden, readout), (jnp.argmax(logits), decoded_ends(machine, raw))

    def run(tokens, reads):
        controller, readout = rounding(machine.init_states())
        start = controller, jnp.zeros(machine.controller.hidden_size, machine.embedding.dtype), readout
        return jax.lax.scan(step, start, (jnp.arange(len(tokens)), tokens, reads))[1]

    return jax.vmap(run)(tokens, reads)
