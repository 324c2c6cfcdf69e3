"""String reversal in PyTorch, with a neural stack: trained on strings of 8 to 64 symbols, tested on 65 to 128.

This is the recipe of `neuralstack train reversal`: a few lengths first, until several batches in a row are answered
without an error; gates are driven toward 0 and 1; an attempt that does not learn to use its stack is restarted.

Run it with `python examples/pytorch_reversal.py --seeds 20`.
"""

import argparse
import copy
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

import neuralstack.torch as nst


@dataclass(frozen=True)
class Settings:
    """The sizes of the task and of the machine, and the recipe of training."""

    symbols: int = 128
    train_lengths: tuple[int, int] = (8, 64)
    test_lengths: tuple[int, int] = (65, 128)
    test_size: int = 1000
    width: int = 64
    batch_size: int = 50
    learning_rate: float = 1e-2
    warmup: tuple[int, ...] = (8, 16, 32)  # lengths at first
    warmed_up_after: int = 5  # batches in a row without an error
    restart_after: int = 150  # batches of a warm-up that does not end
    binarization: float = 0.02  # weight of the loss of gates between 0 and 1
    evaluate_every: int = 50
    perfect_evaluations: int = 4  # in a row, after which training stops
    max_steps: int = 3000


class Batch(NamedTuple):
    """`START source SEPARATOR answer END` in rows: all but the last token as inputs, all but the first as targets."""

    inputs: Tensor
    targets: Tensor
    scored: Tensor
    lengths: Tensor


def draw(settings: Settings, lengths: Tensor) -> Batch:
    """Draw strings of these lengths, and their reversals; steps beyond a pair have the input END."""
    start, separator, end = range(settings.symbols, settings.symbols + 3)
    longest = int(lengths.max())
    source, length = torch.randint(settings.symbols, (len(lengths), longest)), lengths[:, None]
    place = torch.arange(2 * longest + 3).expand(len(lengths), -1)
    read, written = place - 1, 2 * length + 1 - place
    tokens = torch.full_like(place, end)
    for number, where in ((read, place <= length), (written, (place > length + 1) & (place < 2 * length + 2))):
        tokens = torch.where(where, source.gather(1, number.clamp(0, longest - 1)), tokens)
    tokens = tokens.masked_fill(place == 0, start).masked_fill(place == length + 1, separator)
    scored = (place >= length + 2) & (place <= 2 * length + 2)
    return Batch(tokens[:, :-1], tokens[:, 1:], scored[:, 1:], 2 * lengths + 2)


def draw_uniform(settings: Settings, bounds: tuple[int, int], count: int) -> Batch:
    """Draw strings of all lengths between two."""
    return draw(settings, torch.randint(bounds[0], bounds[1] + 1, (count,)))


def build(settings: Settings) -> nst.Machine:
    """Return a machine with new weights."""
    controller, memory = nst.GRU(settings.width, settings.width), nst.NeuralStack(settings.width)
    return nst.Machine(controller, memory, settings.symbols + 3, connection="layer")


def whole_answers(logits: Tensor, batch: Batch) -> Tensor:
    """Return which sequences are answered without an error."""
    return ((logits.argmax(-1) == batch.targets) | ~batch.scored).all(1)


def loss_of(steps: nst.Steps, batch: Batch, binarization: float) -> Tensor:
    """Return the mean cross-entropy of the answers, plus that of gates between 0 and 1."""
    entropy = nn.functional.cross_entropy(steps.logits.transpose(1, 2), batch.targets, reduction="none")
    answers = (entropy * batch.scored).sum(1) / batch.scored.sum(1)
    gates = torch.stack([steps.action.push, steps.action.pop], -1)
    own = torch.arange(gates.shape[1]) < batch.lengths[:, None]
    return answers.mean() + binarization * (4 * gates * (1 - gates)).sum(-1)[own].mean()


@torch.no_grad()
def accuracy(machine: nst.Machine, batch: Batch, at_once: int = 100) -> float:
    """Return the share of sequences answered without an error."""
    parts = zip(*(tensor.split(at_once) for tensor in batch), strict=True)
    return (
        torch.cat([whole_answers(machine(part.inputs, part.lengths), part) for part in map(Batch._make, parts)])
        .float()
        .mean()
        .item()
    )


class Attempt:
    """A machine with new weights, its optimizer, and how far its warm-up has come."""

    def __init__(self, settings: Settings):
        self.settings, self.machine = settings, build(settings)
        self.optimizer = torch.optim.Adam(self.machine.parameters(), lr=settings.learning_rate)
        self.steps, self.perfect, self.warmed_up = 0, 0, False

    def step(self) -> None:
        """Train on one batch."""
        settings = self.settings
        if self.warmed_up:
            batch = draw_uniform(settings, settings.train_lengths, settings.batch_size)
        else:
            lengths = torch.tensor(settings.warmup)
            batch = draw(settings, lengths[torch.randint(len(lengths), (settings.batch_size,))])
        steps = self.machine.run(batch.inputs, batch.lengths)
        self.optimizer.zero_grad()
        loss_of(steps, batch, settings.binarization).backward()
        nn.utils.clip_grad_norm_(self.machine.parameters(), 1.0)
        self.optimizer.step()
        self.steps += 1
        self.perfect = self.perfect + 1 if bool(whole_answers(steps.logits, batch).all()) else 0
        self.warmed_up = self.warmed_up or self.perfect >= settings.warmed_up_after

    @property
    def is_stuck(self) -> bool:
        """Whether the warm-up takes too long: then new weights are better than more batches."""
        return not self.warmed_up and self.steps >= self.settings.restart_after


def train(seed: int, settings: Settings, report=lambda text: None) -> dict:
    """Train from one seed, with restarts; return the outcome, with the share of whole answers to longer strings."""
    torch.manual_seed(seed)
    validation = draw_uniform(settings, settings.train_lengths, settings.test_size)
    test = draw_uniform(settings, settings.test_lengths, settings.test_size)
    begun, attempt, restarts, row = time.perf_counter(), Attempt(settings), 0, 0
    best, weights = -1.0, attempt.machine.state_dict()
    for step in range(1, settings.max_steps + 1):
        attempt.step()
        if attempt.is_stuck:
            attempt, restarts, row = Attempt(settings), restarts + 1, 0
        elif step % settings.evaluate_every == 0:
            score = accuracy(attempt.machine, validation)
            row = row + 1 if score == 1 else 0
            if score >= best:
                best, weights = score, copy.deepcopy(attempt.machine.state_dict())
            report(f"seed {seed}, step {step}: {score:.3f} of the validation strings")
            if row == settings.perfect_evaluations:
                break
    attempt.machine.load_state_dict(weights)
    seconds, answered = time.perf_counter() - begun, accuracy(attempt.machine, test)
    return {"seed": seed, "steps": step, "seconds": round(seconds, 1), "restarts": restarts, "longer": answered}


def main(arguments: list[str] | None = None, settings: Settings | None = None) -> None:
    """Train all seeds, and print the outcome of each and how many answer every longer string."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds: 0, 1, 2 and so on")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of a table")
    options, settings = parser.parse_args(arguments), settings or Settings()
    torch.set_num_threads(1)  # more wait for each other longer than they save: the matrices are small
    outcomes = []
    if not options.json:
        low, high = settings.test_lengths
        print(f"{'seed':>4}  {'steps':>5}  {'seconds':>7}  {'restarts':>8}  whole answers at {low}-{high}")
    for seed in range(options.first, options.first + options.seeds):
        outcome = train(seed, settings, report=show if sys.stderr.isatty() else lambda text: None)
        outcomes.append(outcome)
        show("")
        if not options.json:
            print("{seed:>4}  {steps:>5}  {seconds:>7.1f}  {restarts:>8}  {longer:.3f}".format(**outcome), flush=True)
    solved = sum(outcome["longer"] == 1 for outcome in outcomes)
    if options.json:
        print(json.dumps({"solved": solved, "seeds": outcomes, "settings": asdict(settings)}))
    else:
        print(f"{solved} of {len(outcomes)} seeds answer every string of {low} to {high} symbols")


def show(text: str) -> None:
    """Show progress in one line."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
