"""The finitely many states of a machine: states of its controller with the same behavior from there on are one.

Two states of a controller are distinguished by what the machine does in them, and by what it would do on each of a
number of continuations from the task, as automata theory defines a state (Nerode, 1958). Their positions in the
controller's space do not matter. States that differ only in ways that the task never asks for are one as well.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from neuralstack.automata._merge import merge, reached
from neuralstack.discretization import (
    ANSWER,
    BEFORE,
    SOURCE,
    Moments,
    Walk,
    action_labels,
    draw_walk,
    signatures,
    successors,
    visit,
)
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

SEQUENCES = 64  # least number of sequences to walk
SIGHTINGS = 20  # least number of occurrences per token, on average
NUM_PROBES, PROBE_LENGTH = 24, 6  # number and length of the continuations that each state is tried with
MEMBERS = 4  # number of states of a class from which transitions are tried
RARE = 0.002  # fraction of a phase's states below which a class is merged into the nearest one
MOST_CLASSES = 64


class States(NamedTuple):
    """Finitely many states and their transitions. The first state is that before the first step."""

    transitions: Int[np.ndarray, "states vocabulary"]
    """The next state, or -1 where the task never asks for the transition."""
    hidden: Float[np.ndarray, "states vocabulary hidden"]
    """Mean hidden vector of the controller on each transition."""


class Classes(NamedTuple):
    """States of a controller, classified by behavior. The first class is the state before the first step."""

    class_of: Int[np.ndarray, " moments"]
    """The class of each visited state."""
    phase: Int[np.ndarray, " classes"]
    signature: list[np.ndarray]
    """Action label in the states of a class, followed by those for each probe."""


class Transitions(NamedTuple):
    """The class to which each token leads from each class, or -1 if no sequence of that phase has the token."""

    leads: Int[np.ndarray, "classes vocabulary"]
    action_labels: Int[np.ndarray, "classes vocabulary"]
    hidden: Float[np.ndarray, "classes vocabulary hidden"]


def find_states(machine: Machine, task: AbstractTask) -> States | None:
    """Return the states of a machine with discrete actions and no feedback of reads, or None if there are too many.

    Args:
        machine: A hardened machine.
        task: Its task.
    """
    count = max(SEQUENCES, SIGHTINGS * task.vocab_size // task.steps)
    walk, rng = draw_walk(task, jax.random.key(1), count), np.random.default_rng(1)
    probes = {phase: draw_probes(walk, phase, rng) for phase in (SOURCE, ANSWER)}
    visited = visit(machine, walk)
    classes = classify(machine, visited, walk.phases[walk.valid], probes)
    if len(classes.phase) > MOST_CLASSES:
        return None
    edges = ask(machine, visited, classes, walk, probes)
    asked = like_others(observe(walk, classes, edges.leads.shape), edges.leads)
    gates = np.array([-1, *(signature[0] for signature in classes.signature[1:])])
    root = merge(edges.leads, edges.action_labels, gates, asked)
    return summarize(root, edges, asked, np.bincount(classes.class_of, minlength=len(root)))


def draw_probes(walk: Walk, phase: int, rng: np.random.Generator) -> Int[np.ndarray, "probes length"]:
    """Draw continuations of the walked sequences from states of a phase, half of them at the phase's end."""
    left = walk.valid.sum(1, keepdims=True) - 1 - np.arange(walk.valid.shape[1])
    here = walk.valid & (walk.phases == phase)
    length = min(PROBE_LENGTH, int(left[here].max(initial=0)))
    if length == 0:
        return np.zeros((NUM_PROBES, 0), np.int32)
    starts = np.argwhere(here & (left >= length))
    last = starts[walk.phases[starts[:, 0], starts[:, 1] + length] != phase]
    pools = [starts, last if len(last) else starts]
    chosen = np.concatenate([pool[rng.integers(0, len(pool), NUM_PROBES // 2)] for pool in pools])
    return np.stack([walk.tokens[row, time + 1 : time + 1 + length] for row, time in chosen])


def classify(machine: Machine, visited: Moments, state_phases: np.ndarray, probes: dict[int, np.ndarray]) -> Classes:
    """Group states into classes with the same behavior; rare classes join the most similar one."""
    class_of, phases, known_signatures = np.zeros(len(state_phases), int), [BEFORE], [np.zeros(0, int)]
    for phase in (SOURCE, ANSWER):
        here = np.flatnonzero(state_phases == phase)
        if not len(here):
            continue
        signature = np.asarray(signatures(machine, pick(visited.states, here), visited.hidden[here], probes[phase]))
        kinds, kind, count = np.unique(signature, axis=0, return_inverse=True, return_counts=True)
        often = np.flatnonzero(count >= min(RARE * len(here), count.max()))
        class_of[here] = len(phases) + nearest(kinds[often], kinds)[kind.ravel()]
        phases += [phase] * len(often)
        known_signatures += list(kinds[often])
    return Classes(class_of, np.array(phases), known_signatures)


def nearest(
    classes: Int[np.ndarray, "classes labels"], signatures: Int[np.ndarray, "n labels"]
) -> Int[np.ndarray, " n"]:
    """Return the class with the fewest different action labels; that of the state itself outweighs all others."""
    weights = np.ones(classes.shape[1])
    weights[0] = classes.shape[1]
    return np.array([np.argmin((classes != signature) @ weights) for signature in signatures], int)


def observe(walk: Walk, classes: Classes, shape: tuple[int, ...]) -> Bool[np.ndarray, "classes vocabulary"]:
    """Return which tokens follow the states of each class in the walked sequences."""
    after, seen = np.zeros(walk.tokens.shape, int), np.zeros(shape, bool)
    after[walk.valid] = classes.class_of
    seen[befores(after, 0)[walk.valid], walk.tokens[walk.valid]] = True
    return seen


def befores(after: Int[np.ndarray, "sequences steps"], first: int) -> Int[np.ndarray, "sequences steps"]:
    """Return the entries before each step, given those after it and the first one."""
    return np.concatenate([np.full((len(after), 1), first), after[:, :-1]], axis=1)


def ask(machine: Machine, visited: Moments, classes: Classes, walk: Walk, probes: dict[int, np.ndarray]) -> Transitions:
    """Find the class to which each token leads from each class, by a majority vote of a few of its states."""
    shape = len(classes.phase), len(machine.embedding)
    edges = Transitions(
        np.full(shape, -1), np.full(shape, -1), np.zeros((*shape, visited.hidden.shape[-1]), visited.hidden.dtype)
    )
    earlier = befores(walk.phases, BEFORE)
    for before, after in sorted(set(zip(earlier[walk.valid], walk.phases[walk.valid], strict=True))):
        tokens = np.unique(walk.tokens[walk.valid & (earlier == before) & (walk.phases == after)])
        candidates = np.flatnonzero(classes.phase == after)
        known = np.stack([classes.signature[class_index] for class_index in candidates])
        for class_index in np.flatnonzero(classes.phase == before).tolist():
            members = members_of(machine, visited, classes, class_index)
            states, hidden = successors(machine, members, tokens, MEMBERS if class_index else 1)
            did = np.asarray(action_labels(machine, hidden, tokens))
            states, flat = jax.tree.map(lambda leaf: leaf.reshape(-1, *leaf.shape[2:]), (states, hidden))
            signature = np.asarray(signatures(machine, states, flat, probes[after]))
            to = candidates[nearest(known, signature)].reshape(did.shape)
            edges.leads[class_index, tokens], edges.action_labels[class_index, tokens] = commonest(to), commonest(did)
            edges.hidden[class_index, tokens] = np.mean(hidden, axis=0)
    return edges


def members_of(machine: Machine, visited: Moments, classes: Classes, class_index: int) -> Any:
    """Return a few states of a class, spread evenly over those that were visited."""
    if class_index == 0:
        return jax.tree.map(lambda leaf: jnp.asarray(leaf)[None], machine.controller.init())
    members = np.flatnonzero(classes.class_of == class_index)
    return pick(visited.states, members[np.linspace(0, len(members) - 1, MEMBERS).astype(int)])


def pick(tree: Any, rows: np.ndarray) -> Any:
    """Return the same rows of every array."""
    return jax.tree.map(lambda leaf: leaf[rows], tree)


def commonest(votes: Int[np.ndarray, "members tokens"]) -> Int[np.ndarray, " tokens"]:
    """Return the most frequent number of each column."""
    return np.array([np.bincount(column).argmax() for column in votes.T])


def like_others(seen: np.ndarray, leads: np.ndarray) -> Bool[np.ndarray, "classes vocabulary"]:
    """Return which tokens follow each class, treating tokens with the same transitions everywhere as one."""
    _, kind = np.unique(leads, axis=1, return_inverse=True)
    kinds = np.eye(kind.max() + 1, dtype=int)[kind.ravel()]
    return ((seen @ kinds) @ kinds.T > 0) & (leads >= 0)


def summarize(root: np.ndarray, edges: Transitions, asked: np.ndarray, sizes: np.ndarray) -> States:
    """Return the merged classes as states, in the order in which they are reached."""
    order = list(dict.fromkeys(root[reached(edges.leads, asked)].tolist()))
    transitions = np.full((len(order), edges.leads.shape[1]), -1)
    hidden = np.zeros((len(order), *edges.hidden.shape[1:]), edges.hidden.dtype)
    for row, class_index in enumerate(order):
        members = np.flatnonzero(root == class_index)
        for token in np.flatnonzero(asked[members].any(0)):
            who = members[asked[members, token]]
            transitions[row, token] = order.index(root[edges.leads[who[0], token]])
            hidden[row, token] = np.average(edges.hidden[who, token], axis=0, weights=np.maximum(sizes[who], 1))
    return States(transitions, hidden)
