"""`neuralstack sample`."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from neuralstack.cli._own_options import OwnOptions
from neuralstack.cli._train_options import Number, Text, Whole

ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}  # characters that are hard to type


@dataclass(frozen=True)
class Sample(OwnOptions):
    """Let a machine that learned the characters of a text go on with a text of yours, or write one from the start."""

    run: Positional[Path]
    """The run's directory."""
    prompt: Text = None
    """The text's beginning (default: none, the text begins as a line does)."""
    length: int = 300
    """The most characters to write."""
    temperature: float = 0.7
    """Divisor of the logits: the higher, the bolder; 0 takes the likeliest character each time."""
    top_k: Whole = None
    """Draw from this many of the likeliest characters (default: from all)."""
    top_p: Number = None
    """Draw from the fewest likely characters that have this probability together (default: from all)."""
    stop: Text = None
    """A character at which writing ends, such as a full stop; \\n is a line break (default: none)."""
    count: int = 1
    """Number of texts; each has the next seed."""
    seed: int = 0
    """Source of what is drawn."""
    json: bool = False
    """Print one JSON object a text: seed, prompt, text."""

    def __call__(self) -> int:
        """Write the prompt and what follows it, once or several times."""
        from neuralstack._json import to_json_text
        from neuralstack.corpora import sample_texts
        from neuralstack.tasks import Characters
        from neuralstack.training import Run

        run, prompt = Run.open(self.run), self.prompt or ""
        task = run.task(**self.own)
        if not isinstance(task, Characters):
            raise ValueError(
                f"sample needs a run of the task characters, but {str(self.run)!r} is one of another: use predict."
            )
        machine = run.load_model(memory=self.memory, controller=self.controller)
        texts = sample_texts(
            machine, task, self.count, prompt, length=self.length, temperature=self.temperature, seed=self.seed,
            top_k=self.top_k, top_p=self.top_p, stop=None if self.stop is None else ESCAPES.get(self.stop, self.stop),
        )  # fmt: skip
        for seed, text in enumerate(texts, self.seed):
            if self.json:
                print(to_json_text({"seed": seed, "prompt": prompt, "text": text}))
            else:
                title = f"--- seed {seed} ---\n" if self.count > 1 else ""
                print(title + prompt + text)
        return 0
