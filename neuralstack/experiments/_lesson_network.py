"""A recurrent network with a neural stack in NumPy, with every gradient derived by hand.

An Elman network's second layer, `control`, operates the stack of Grefenstette et al. (2015). The answer is made of what
the stack shows; no read goes back to the network:

    state[t] = tanh(tokens[token[t]] + state[t-1] @ recurrence)     control[t] = tanh(state[t] @ control)
    (push[t], pop[t]) = sigmoid(control[t] @ strengths)             value[t] = tanh(control[t] @ values)
    read = what the stack shows for push, pop, value                answer[t] = read[t] @ answers

Each product has a bias, and an answer is the log-odds that a bit is 1. Two more layers, `guess_state` and
`guess_control`, guess the previous token from the state and from the control. `docs/guide/lesson.md` explains it all.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int

from neuralstack.reference import stack_backward, stack_forward

TOKENS, BLANK = 3, 2  # the bits 0 and 1, and the blank

Weights = dict[str, np.ndarray]


class Trace(NamedTuple):
    """What a network did with `count` strings, step by step."""

    state: Float64[np.ndarray, "steps+1 count hidden"]  # the first is that before the first step
    control: Float64[np.ndarray, "steps count hidden"]
    strengths: Float64[np.ndarray, "steps count 2"]  # push and pop
    values: Float64[np.ndarray, "steps count width"]
    reads: Float64[np.ndarray, "steps count width"]
    answers: Float64[np.ndarray, "steps count"]


def draw(
    rng: np.random.Generator, length: int, count: int
) -> tuple[Int[np.ndarray, "steps count"], Int[np.ndarray, "length count"]]:
    """Draw strings: their bits and then one blank more, and the bits reversed, which answer all blanks but the first.

    Examples:
        >>> tokens, target = draw(np.random.default_rng(0), length=3, count=1)
        >>> print(tokens[:, 0], target[:, 0])
        [1 1 1 2 2 2 2] [1 1 1]
    """
    bits = rng.integers(0, 2, (length, count))
    return np.concatenate([bits, np.full((length + 1, count), BLANK)]), bits[::-1]


def begin(rng: np.random.Generator, bias: float = 0.0, hidden: int = 12, width: int = 4) -> Weights:
    """Draw the weights. The push strengths begin with a bias of `bias`, the pop strengths with minus that.

    Examples:
        >>> weights = begin(np.random.default_rng(0), bias=1.0)
        >>> print(weights["control"].shape, weights["strengths_bias"])
        (12, 12) [ 1. -1.]
    """
    shapes = {
        "recurrence": (hidden, hidden),
        "control": (hidden, hidden),
        "strengths": (hidden, 2),
        "values": (hidden, width),
        "answers": (width, 1),
        "guess_state": (hidden, TOKENS),
        "guess_control": (hidden, TOKENS),
    }
    weights = {"tokens": rng.normal(size=(TOKENS, hidden))}
    for name, (rows, columns) in shapes.items():
        weights[name] = rng.normal(size=(rows, columns)) / np.sqrt(rows)
        weights[f"{name}_bias"] = np.zeros(columns)
    weights["strengths_bias"][:] = bias, -bias
    return weights


def run(weights: Weights, tokens: Int[np.ndarray, "steps count"]) -> Trace:
    """Run a network on strings of one length.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> run(begin(rng), draw(rng, length=3, count=5)[0]).reads.shape
        (7, 5, 4)
    """

    def layer(name, source):
        return source @ weights[name] + weights[f"{name}_bias"]

    state = np.zeros((len(tokens) + 1, tokens.shape[1], len(weights["recurrence"])))
    for step, now in enumerate(tokens):
        state[step + 1] = np.tanh(weights["tokens"][now] + layer("recurrence", state[step]))
    control = np.tanh(layer("control", state[1:]))
    strengths = sigmoid(layer("strengths", control))
    values = np.tanh(layer("values", control))
    reads = [stack_forward(strengths[:, k, 0], strengths[:, k, 1], values[:, k])[2] for k in range(tokens.shape[1])]
    reads = np.stack(reads, axis=1)
    return Trace(state, control, strengths, values, reads, layer("answers", reads)[..., 0])


def gradients(
    weights: Weights,
    tokens: Int[np.ndarray, "steps count"],
    target: Int[np.ndarray, "length count"],
    auxiliary: float = 0.0,
) -> tuple[float, float, Weights]:
    """Return the loss of the answers, that of the guesses, and the derivatives of loss + auxiliary * guesses.

    Examples:
        Before it has learned anything, a network guesses.

        >>> rng = np.random.default_rng(0)
        >>> loss, guesses, slopes = gradients(begin(rng), *draw(rng, length=3, count=50))
        >>> 0.5 < loss < 1.0, slopes["strengths"].shape
        (True, (12, 2))
    """
    trace = run(weights, tokens)
    state, control, strengths, values = trace.state[1:], trace.control, trace.strengths, trace.values
    slopes = {}

    def through(name, source, slope):
        """Go back through a layer: keep the derivatives by its weights and return that by its source."""
        slopes[name], slopes[f"{name}_bias"] = np.einsum("tki,tkj->ij", source, slope), slope.sum((0, 1))
        return slope @ weights[name].T

    # The answers: cross-entropy, of the steps at the end only.
    answers = trace.answers[-len(target) :]
    loss = np.logaddexp(0, np.where(target, -answers, answers)).mean()
    answers_slope = np.zeros((*trace.answers.shape, 1))
    answers_slope[-len(target) :, :, 0] = (sigmoid(answers) - target) / target.size
    reads_slope = through("answers", trace.reads, answers_slope)

    # The stack, one string after the other.
    back = [
        stack_backward(strengths[:, k, 0], strengths[:, k, 1], values[:, k], reads_slope[:, k])
        for k in range(tokens.shape[1])
    ]
    strengths_slope = np.stack([np.stack([push, pop], axis=-1) for push, pop, _ in back], axis=1)
    values_slope = np.stack([value for _, _, value in back], axis=1)
    control_slope = through("strengths", control, strengths_slope * strengths * (1 - strengths))
    control_slope += through("values", control, values_slope * (1 - values**2))

    # The guesses of the previous token: cross-entropy of a softmax.
    guesses, state_slope, previous = 0.0, np.zeros_like(state), np.eye(TOKENS)[tokens[:-1]]
    for name, source, slope in (("guess_state", state, state_slope), ("guess_control", control, control_slope)):
        guess = log_softmax(source[1:] @ weights[name] + weights[f"{name}_bias"])
        guesses -= (previous * guess).sum(-1).mean()
        slope[1:] += through(name, source[1:], auxiliary * (np.exp(guess) - previous) / tokens[:-1].size)

    # The recurrence, last step first: what reaches a state from its control, and from the next state.
    state_slope += through("control", state, control_slope * (1 - control**2))
    inner, later = np.zeros_like(state), np.zeros_like(state[0])
    for step in reversed(range(len(tokens))):
        inner[step] = (state_slope[step] + later) * (1 - state[step] ** 2)
        later = inner[step] @ weights["recurrence"].T
    through("recurrence", trace.state[:-1], inner)
    slopes["tokens"] = np.einsum("tki,tkj->ij", np.eye(TOKENS)[tokens], inner)
    return float(loss), float(guesses), slopes


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return the sigmoid, by a function that never overflows."""
    return (1 + np.tanh(x / 2)) / 2


def log_softmax(x: np.ndarray) -> np.ndarray:
    """Return the logarithm of the softmax over the last axis."""
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))
