"""A recurrent network learns to reverse bits with a neural stack, in NumPy, with every gradient derived by hand.

It belongs to docs/guide/lesson.md, which explains it. The machine is an Elman network whose layer o operates the stack
of Grefenstette et al. (2015); the answer is made of what the stack shows:

    h[t] = tanh(Wxh[x[t]] + h[t-1] Whh + bh)        o[t] = tanh(h[t] Who + bo)
    (d[t], u[t]) = sigmoid(o[t] Wa + ba)            v[t] = tanh(o[t] Wv + bv)
    r = the reads of the stack for d, u, v          y[t] = r[t] Wy + by, the log-odds that the answer is 1

    python examples/lesson_stack.py --out lesson.png             train without and with the cure, draw the strengths
    python examples/lesson_stack.py --count 20 --steps 600       count how many of 20 seeds learn, cured or not
"""

import argparse
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich.progress import Progress

from neuralstack.reference import stack_backward, stack_forward

BLANK = 2  # the tokens are the bits 0 and 1 and this one
GOAL = 10  # the curriculum ends here
SMALL, SMALLEST = 0.05, 0.01  # the loss at which strings get longer, and, at the longest, training ends
VARIANTS = {  # bias, and weight of the auxiliary losses
    "no cure": (0.0, 0.0),
    "biases only": (1.0, 0.0),
    "auxiliary losses only": (0.0, 1.0),
    "the cure": (1.0, 1.0),
}


class Trace(NamedTuple):
    """What the machine did in each of T steps, for each of B strings."""

    h: np.ndarray  # [T + 1, B, hidden], the first row is the state before the first step
    o: np.ndarray  # [T, B, hidden]
    a: np.ndarray  # [T, B, 2], push and pop strengths
    v: np.ndarray  # [T, B, width]
    r: np.ndarray  # [T, B, width]
    y: np.ndarray  # [T, B]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def draw(rng, length, count):
    """Draw strings: their bits and then length + 1 blanks, [2 length + 1, count]; and the bits reversed."""
    bits = rng.integers(0, 2, (length, count))
    return np.concatenate([bits, np.full((length + 1, count), BLANK)]), bits[::-1]


def begin(rng, bias=0.0, hidden=12, width=4):
    """Draw the weights. The push strengths start with `bias`, the pop strengths with minus that."""

    def layer(rows, *columns):
        return rng.normal(size=(rows, *columns)) / np.sqrt(rows)

    return {
        "Wxh": rng.normal(size=(3, hidden)),
        "Whh": layer(hidden, hidden),
        "bh": np.zeros(hidden),
        "Who": layer(hidden, hidden),
        "bo": np.zeros(hidden),
        "Wa": layer(hidden, 2),
        "ba": np.array([bias, -bias], np.float64),
        "Wv": layer(hidden, width),
        "bv": np.zeros(width),
        "Wy": layer(width),
        "by": np.zeros(()),
        "W_h": layer(hidden, 3),  # these four guess the previous token, from h and from o
        "b_h": np.zeros(3),
        "W_o": layer(hidden, 3),
        "b_o": np.zeros(3),
    }


def run(p, x):
    """Run the machine with weights p on the tokens x."""
    h = np.zeros((len(x) + 1, x.shape[1], len(p["bh"])))
    for t, now in enumerate(x):
        h[t + 1] = np.tanh(p["Wxh"][now] + h[t] @ p["Whh"] + p["bh"])
    o = np.tanh(h[1:] @ p["Who"] + p["bo"])
    a = sigmoid(o @ p["Wa"] + p["ba"])
    v = np.tanh(o @ p["Wv"] + p["bv"])
    r = np.stack([stack_forward(a[:, k, 0], a[:, k, 1], v[:, k])[2] for k in range(x.shape[1])], axis=1)
    return Trace(h, o, a, v, r, r @ p["Wy"] + p["by"])


def gradients(p, x, target, auxiliary=0.0):
    """Return the loss of the answers, that of the guesses, and the derivative of loss + auxiliary · guesses by p."""
    h, o, a, v, r, y = run(p, x)
    g = {}

    # The answers: cross-entropy, of the steps at the end only.
    answer = sigmoid(y[-len(target) :])
    loss = -np.log(np.where(target, answer, 1 - answer)).mean()
    y_bar = np.zeros_like(y)
    y_bar[-len(target) :] = (answer - target) / target.size
    g["Wy"], g["by"] = np.einsum("tbw,tb->w", r, y_bar), y_bar.sum()
    r_bar = y_bar[..., None] * p["Wy"]

    # The stack, one string after the other.
    back = [stack_backward(a[:, k, 0], a[:, k, 1], v[:, k], r_bar[:, k]) for k in range(x.shape[1])]
    a_bar = np.stack([np.stack([d_bar, u_bar], axis=-1) for d_bar, u_bar, _ in back], axis=1)
    v_bar = np.stack([v_bar for _, _, v_bar in back], axis=1)

    def through(weights, bias, source, z_bar):
        """Go back through z = source W + b: keep the gradients of both and return that of the source."""
        g[weights], g[bias] = np.einsum("tbi,tbj->ij", source, z_bar), z_bar.sum((0, 1))
        return z_bar @ p[weights].T

    o_bar = through("Wa", "ba", o, a_bar * a * (1 - a)) + through("Wv", "bv", o, v_bar * (1 - v**2))

    # The guesses of the previous token.
    guesses, h_bar = 0.0, np.zeros_like(o)
    for weights, bias, source, source_bar in (("W_h", "b_h", h[1:], h_bar), ("W_o", "b_o", o, o_bar)):
        guess = log_softmax(source[1:] @ p[weights] + p[bias])
        right = np.eye(3)[x[:-1]]
        guesses -= (right * guess).sum(-1).mean()
        source_bar[1:] += through(weights, bias, source[1:], auxiliary * (np.exp(guess) - right) / x[:-1].size)

    # The controller, last step first: what reaches h[t] from above, and from h[t+1].
    h_bar += through("Who", "bo", h[1:], o_bar * (1 - o**2))
    z_bar, later = np.zeros_like(o), 0.0
    for t in reversed(range(len(x))):
        z_bar[t] = (h_bar[t] + later) * (1 - h[t + 1] ** 2)
        later = z_bar[t] @ p["Whh"].T
    through("Whh", "bh", h[:-1], z_bar)
    g["Wxh"] = np.einsum("tbk,tbj->kj", np.eye(3)[x], z_bar)
    return loss, guesses, g


class Adam:
    """Adam with clipped gradients; it changes the weights in place."""

    def __init__(self, p, rate=0.01, clip=1.0):
        self.p, self.rate, self.clip, self.steps = p, rate, clip, 0
        self.m, self.s = ({name: np.zeros_like(w) for name, w in p.items()} for _ in range(2))

    def step(self, g):
        self.steps += 1
        scale = min(1, self.clip / np.sqrt(sum((w**2).sum() for w in g.values())))
        for name in self.p:
            self.m[name] = 0.9 * self.m[name] + 0.1 * scale * g[name]
            self.s[name] = 0.99 * self.s[name] + 0.01 * (scale * g[name]) ** 2
            mean, square = self.m[name] / (1 - 0.9**self.steps), self.s[name] / (1 - 0.99**self.steps)
            self.p[name] = self.p[name] - self.rate * mean / (np.sqrt(square) + 1e-8)


def train(seed, bias=0.0, auxiliary=0.0, steps=400, goal=GOAL, watch=lambda step, longest, loss: None):
    """Train a machine; return its weights, the longest length that the curriculum reached, and the steps it took.

    Whenever the running mean of the loss is small, the strings get longer by one. It stops early once the loss is
    tiny at the longest.
    """
    rng = np.random.default_rng(seed)
    p = begin(rng, bias)
    adam, longest, recent = Adam(p), 1, 1.0
    for step in range(1, steps + 1):
        x, target = draw(rng, rng.integers(1, longest + 1), 10)
        loss, _, g = gradients(p, x, target, auxiliary)
        adam.step(g)
        recent += 0.1 * (loss - recent)
        watch(step, longest, recent)
        if longest == goal and recent < SMALLEST:
            return p, longest, step
        if longest < goal and recent < SMALL:
            longest, recent = longest + 1, 0.5
    return p, longest, steps


def measure(p, length, count=100):
    """Return the share of strings reversed without error, and the mean d and u while reading and while answering."""
    x, target = draw(np.random.default_rng(1000), length, count)
    trace = run(p, x)
    right = ((trace.y[-length:] > 0) == target).all(0).mean()
    return right, trace.a[:length].mean((0, 1)), trace.a[-length:].mean((0, 1))


def plot(path, panels, length):
    """Draw the mean push and pop strength of each step, one panel for each machine in `panels`."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)
    x, _ = draw(np.random.default_rng(1000), length, 100)
    steps = np.arange(1, len(x) + 1)
    for axis, (title, p) in zip(axes[0], panels.items(), strict=True):
        d, u = np.moveaxis(run(p, x).a.mean(1), -1, 0)
        axis.axvspan(length + 1.5, len(x) + 0.5, color="0.93")
        axis.plot(steps, d, "o-", color="#0072B2", label="push strength d")
        axis.plot(steps, u, "s--", color="#D55E00", label="pop strength u")
        axis.set(title=title, xlabel="step t (shaded: answering)", xlim=(0.5, len(x) + 0.5), ylim=(-0.04, 1.04))
        axis.spines[["top", "right"]].set_visible(False)
    axes[0, 0].set_ylabel("mean strength")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.savefig(path, dpi=120)


def train_watched(progress, name, seed, steps):
    """Train one machine and show how it goes."""
    task = progress.add_task(f"{name}, seed {seed}", total=steps)

    def watch(step, longest, loss):
        description = f"{name}, seed {seed}: length {longest:2}, loss {loss:.2f}"
        progress.update(task, completed=step, description=description)

    p, longest, taken = train(seed, *VARIANTS[name], steps=steps, watch=watch)
    progress.remove_task(task)
    return p, longest, taken


def compare(progress, seed, steps, out=None):
    """Train one seed without and with the cure, print and draw the strengths."""
    panels = {}
    for name in ("no cure", "the cure"):
        panels[name], longest, taken = train_watched(progress, name, seed, steps)
        right, reading, answering = measure(panels[name], GOAL)
        progress.console.print(
            f"{name}: length {longest} after {taken} steps, {right:.0%} of strings of length {GOAL} right; "
            f"reading d {reading[0]:.2f} u {reading[1]:.2f}, answering d {answering[0]:.2f} u {answering[1]:.2f}"
        )
    if out:
        plot(out, panels, GOAL)


def count(progress, seeds, steps):
    """Count for each variant how many seeds reverse more than nine in ten of the longest strings."""
    for name in VARIANTS:
        machines = {seed: train_watched(progress, name, seed, steps)[0] for seed in range(seeds)}
        learned = [seed for seed, p in machines.items() if measure(p, GOAL)[0] > 0.9]
        progress.console.print(f"{name}: {len(learned)} of {seeds} seeds learned: {learned}")


def main():
    parser = argparse.ArgumentParser(description="Train a neural stack in NumPy, without and with the cure.")
    parser.add_argument("--out", help="where to save the figure of the strengths, for example lesson.png")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--steps", type=int, default=400, help="the most updates of one training")
    parser.add_argument("--count", type=int, help="instead, train this many seeds in every way and count")
    options = parser.parse_args()
    with Progress() as progress:
        if options.count:
            count(progress, options.count, options.steps)
        else:
            compare(progress, options.seed, options.steps, options.out)


if __name__ == "__main__":
    main()
