"""The network and its gradient.

The second layer of an Elman network, `control`, operates the stack of Grefenstette et al. (2015). The answer is a
function of the read alone; the network does not see the reads:

    hidden[t] = tanh(tokens[token[t]] + hidden[t-1] @ recurrence)     control[t] = tanh(hidden[t] @ control)
    push[t], pop[t] = sigmoid(control[t] @ strengths)                 value[t] = tanh(control[t] @ values)
    read = stack(push, pop, value)                                    logit[t] = read[t] @ answers

Each product has a bias; a logit is the log-odds that a bit is 1. Two more layers, `guess_state` and `guess_control`,
predict the previous token from the hidden state and from the control layer: the auxiliary losses.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int

from neuralstack.reference import stack_backward, stack_forward

NUM_TOKENS, BLANK = 3, 2  # the bits 0 and 1, and the blank

Weights = dict[str, np.ndarray]


class Activations(NamedTuple):
    """All activations of a network for a batch, step by step."""

    hidden: Float64[np.ndarray, "steps+1 batch hidden"]  # starts with the state before the first step
    control: Float64[np.ndarray, "steps batch hidden"]
    strengths: Float64[np.ndarray, "steps batch 2"]  # push and pop
    values: Float64[np.ndarray, "steps batch width"]
    reads: Float64[np.ndarray, "steps batch width"]
    logits: Float64[np.ndarray, "steps batch"]


def draw_batch(
    rng: np.random.Generator, length: int, batch_size: int
) -> tuple[Int[np.ndarray, "steps batch"], Int[np.ndarray, "length batch"]]:
    """Draw bits followed by length + 1 blanks; the targets of all blanks but the first are the bits reversed.

    >>> tokens, targets = draw_batch(np.random.default_rng(0), length=3, batch_size=1)
    >>> print(tokens[:, 0], targets[:, 0])
    [1 1 1 2 2 2 2] [1 1 1]
    """
    bits = rng.integers(0, 2, (length, batch_size))
    return np.concatenate([bits, np.full((length + 1, batch_size), BLANK)]), bits[::-1]


def init_weights(rng: np.random.Generator, bias: float = 0.0, hidden_dim: int = 12, width: int = 4) -> Weights:
    """Draw the initial weights; `bias` is the initial bias of the push strengths and, negated, of the pop strengths.

    >>> weights = init_weights(np.random.default_rng(0), bias=1.0)
    >>> print(weights["control"].shape, weights["strengths_bias"])
    (12, 12) [ 1. -1.]
    """
    shapes = {
        "recurrence": (hidden_dim, hidden_dim),
        "control": (hidden_dim, hidden_dim),
        "strengths": (hidden_dim, 2),
        "values": (hidden_dim, width),
        "answers": (width, 1),
        "guess_state": (hidden_dim, NUM_TOKENS),
        "guess_control": (hidden_dim, NUM_TOKENS),
    }
    weights = {"tokens": rng.normal(size=(NUM_TOKENS, hidden_dim))}
    for name, (rows, columns) in shapes.items():
        weights[name] = rng.normal(size=(rows, columns)) / np.sqrt(rows)
        weights[f"{name}_bias"] = np.zeros(columns)
    weights["strengths_bias"][:] = bias, -bias
    return weights


def forward(weights: Weights, tokens: Int[np.ndarray, "steps batch"]) -> Activations:
    """Run a network on strings of one length.

    >>> rng = np.random.default_rng(0)
    >>> forward(init_weights(rng), draw_batch(rng, length=3, batch_size=5)[0]).reads.shape
    (7, 5, 4)
    """

    def layer(name, inputs):
        return inputs @ weights[name] + weights[f"{name}_bias"]

    steps, batch = tokens.shape
    hidden = np.zeros((steps + 1, batch, len(weights["recurrence"])))
    for step, token in enumerate(tokens):
        hidden[step + 1] = np.tanh(weights["tokens"][token] + layer("recurrence", hidden[step]))
    control = np.tanh(layer("control", hidden[1:]))
    strengths = sigmoid(layer("strengths", control))
    values = np.tanh(layer("values", control))
    reads = [stack_forward(strengths[:, k, 0], strengths[:, k, 1], values[:, k])[2] for k in range(batch)]
    reads = np.stack(reads, axis=1)
    return Activations(hidden, control, strengths, values, reads, layer("answers", reads)[..., 0])


def loss_and_gradient(
    weights: Weights,
    tokens: Int[np.ndarray, "steps batch"],
    targets: Int[np.ndarray, "length batch"],
    auxiliary: float = 0.0,
) -> tuple[float, float, Weights]:
    """Return the loss of the answers, the auxiliary loss, and the gradient of loss + auxiliary * auxiliary loss.

    An untrained network guesses.

    >>> rng = np.random.default_rng(0)
    >>> loss, auxiliary_loss, gradient = loss_and_gradient(init_weights(rng), *draw_batch(rng, length=3, batch_size=50))
    >>> 0.5 < loss < 1.0, gradient["strengths"].shape
    (True, (12, 2))
    """
    outputs = forward(weights, tokens)
    hidden, control, strengths, values = outputs.hidden[1:], outputs.control, outputs.strengths, outputs.values
    gradient: Weights = {}

    def backpropagate(name, inputs, by_output):
        """Store the derivatives with respect to a layer's weights, and return those with respect to its inputs."""
        gradient[name] = np.einsum("tki,tkj->ij", inputs, by_output)
        gradient[f"{name}_bias"] = by_output.sum((0, 1))
        return by_output @ weights[name].T

    loss, by_logits = answer_loss(outputs.logits, targets)
    by_reads = backpropagate("answers", outputs.reads, by_logits)
    by_strengths, by_values = stack_gradient(strengths, values, by_reads)
    by_control = backpropagate("strengths", control, by_strengths * strengths * (1 - strengths))
    by_control += backpropagate("values", control, by_values * (1 - values**2))

    auxiliary_loss, by_hidden, previous = 0.0, np.zeros_like(hidden), np.eye(NUM_TOKENS)[tokens[:-1]]
    for name, inputs, by_inputs in (("guess_state", hidden, by_hidden), ("guess_control", control, by_control)):
        log_probs = log_softmax(inputs[1:] @ weights[name] + weights[f"{name}_bias"])
        auxiliary_loss -= (previous * log_probs).sum(-1).mean()
        by_inputs[1:] += backpropagate(
            name, inputs[1:], auxiliary * (np.exp(log_probs) - previous) / previous[..., 0].size
        )

    # The recurrence, in reverse order: a hidden state is used by its control layer and by the next hidden state.
    by_hidden += backpropagate("control", hidden, by_control * (1 - control**2))
    by_sum, by_next = np.zeros_like(hidden), np.zeros_like(hidden[0])
    for step in reversed(range(len(tokens))):
        by_sum[step] = (by_hidden[step] + by_next) * (1 - hidden[step] ** 2)
        by_next = by_sum[step] @ weights["recurrence"].T
    backpropagate("recurrence", outputs.hidden[:-1], by_sum)
    gradient["tokens"] = np.einsum("tki,tkj->ij", np.eye(NUM_TOKENS)[tokens], by_sum)
    return float(loss), float(auxiliary_loss), gradient


def answer_loss(logits: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean cross-entropy of the last steps, and its derivatives with respect to the logits of all steps."""
    answers = logits[-len(targets) :]
    by_logits = np.zeros((*logits.shape, 1))
    by_logits[-len(targets) :, :, 0] = (sigmoid(answers) - targets) / targets.size
    return np.logaddexp(0, np.where(targets, -answers, answers)).mean(), by_logits


def stack_gradient(strengths: np.ndarray, values: np.ndarray, by_reads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the derivatives with respect to the strengths and to the values, computed string by string."""
    gradients = [
        stack_backward(strengths[:, k, 0], strengths[:, k, 1], values[:, k], by_reads[:, k])
        for k in range(by_reads.shape[1])
    ]
    by_strengths = np.stack([np.stack([push, pop], axis=-1) for push, pop, _ in gradients], axis=1)
    return by_strengths, np.stack([value for _, _, value in gradients], axis=1)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return the sigmoid, in a form that never overflows."""
    return (1 + np.tanh(x / 2)) / 2


def log_softmax(x: np.ndarray) -> np.ndarray:
    """Return the logarithm of the softmax over the last axis."""
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))
