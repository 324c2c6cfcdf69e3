"""What a machine does with its memory, step by step, as a picture."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from neuralstack.analysis._style import COLOURS, figure
from neuralstack.machine import Machine
from neuralstack.memories import Action
from neuralstack.tasks import AbstractTask

SHOWN = 1e-3  # strengths below are left white


def plot_trace(machine: Machine, task: AbstractTask, source: list[int], path: str | Path) -> None:
    """Draw push and pop strengths over time, and the strength of every element, into `path`.png and .pdf.

    The symbols below are what the machine is given at each step, those above what it then answers.

    Args:
        machine: A machine with a stack.
        task: Its task.
        source: What it is to answer; the right answer is given to it step by step.
        path: Where to, without a suffix.

    Raises:
        ValueError: If the machine's memory has no strengths to show.
    """
    right = task.answer(source) if task.end is not None else []
    inputs = jnp.array([*task.prompt(source), *right])
    shapes = jax.eval_shape(lambda machine, inputs: machine.trace(inputs), machine, inputs)
    if not isinstance(shapes.action, Action):
        raise ValueError(f"a trace shows a memory's strengths, and {type(machine.memory).__name__} has none.")
    shown = jax.device_get(jax.jit(lambda machine, inputs: machine.trace(inputs))(machine, inputs))
    given = [readable(task, token) for token in inputs.tolist()]
    answered = [readable(task, token) for token in np.argmax(shown.output, axis=-1).tolist()]
    first = task.layout.first_answer(len(source))
    steps = np.arange(len(given))
    with figure(path, 2, 1, (max(6, 0.24 * len(given)), 5.5)) as (drawn, axes):
        actions, elements = axes[0, 0], axes[1, 0]
        actions.plot(steps, shown.action.push, "o-", color=COLOURS[0], label="push strength", markersize=4)
        actions.plot(steps, shown.action.pop, "s--", color=COLOURS[1], label="pop strength", markersize=4)
        actions.axvspan(first - 0.5, len(given) - 0.5, color="0.93", label="answer")
        actions.set(ylim=(-0.05, 1.05), ylabel="strength", xlim=(-0.5, len(given) - 0.5), xticks=steps)
        actions.set_xticklabels([""] * first + answered[first:])
        actions.xaxis.tick_top()
        actions.legend(loc="center left")
        used = 1 + max(np.flatnonzero(shown.strengths.max(axis=0) > SHOWN), default=0)
        alive = np.ma.masked_less(shown.strengths.T[:used], SHOWN)
        image = elements.imshow(alive, aspect="auto", origin="lower", cmap="Blues", vmin=0, vmax=1)
        elements.set(xlabel="step, with the symbol given", ylabel="element, by its symbol", xticks=steps)
        elements.set_yticks(steps[:used], given[:used])
        elements.set_xticklabels(given)
        elements.grid(visible=False)
        elements.tick_params(labelsize=7)
        drawn.colorbar(image, ax=elements, label="strength left")


def readable(task: AbstractTask, token: int) -> str:
    """Return a token as a short label: control characters and spaces by their escapes."""
    text = task.decode([token])
    short = {"<start>": "⊢", "<separator>": "|", "<end>": "⊣", " ": "␣"}
    return short.get(text, text if text.isprintable() else repr(text)[1:-1])
