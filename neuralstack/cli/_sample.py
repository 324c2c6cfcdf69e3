"""`neuralstack sample`."""

from dataclasses import dataclass

from neuralstack.cli._kinds import Amount, Count, Number, RunPath, Text, Whole
from neuralstack.cli._own_options import OwnOptions

ESCAPES = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}  # characters that are hard to type


@dataclass(frozen=True)
class Sample(OwnOptions):
    """Generate text with a machine that learned the characters of a text, from a prompt or from the start."""

    run: RunPath
    """The run's directory."""
    prompt: Text = None
    """The start of the text (default: none, the text starts as a line does)."""
    length: Count = 300
    """Maximum number of characters to generate."""
    temperature: Amount = 0.7
    """Divisor of the logits: higher is more random; 0 chooses the likeliest character each time."""
    top_k: Whole = None
    """Sample from this many of the likeliest characters (default: all)."""
    top_p: Number = None
    """Sample from the fewest likely characters that together have this probability (default: all)."""
    stop: Text = None
    """A character at which writing ends, such as a full stop; \\n is a line break (default: none)."""
    count: Count = 1
    """Number of texts; each uses the next seed."""
    seed: Count = 0
    """Random seed."""
    json: bool = False
    """Print one JSON object per text: seed, prompt, text."""

    def __call__(self) -> int:
        """Print the prompt and the text generated after it, once or several times."""
        from neuralstack._json import to_json_text
        from neuralstack.corpora import sample_texts
        from neuralstack.tasks import Characters
        from neuralstack.training import Run

        run, prompt = Run.open(self.run), self.prompt or ""
        task = run.task(**self.own)
        if not isinstance(task, Characters):
            raise ValueError(
                f"sample needs a run of the task characters, but {str(self.run)!r} is of another task: use predict."
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
