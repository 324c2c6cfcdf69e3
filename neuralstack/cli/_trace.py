"""`neuralstack trace`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuralstack.cli._edits import parse_edits
from neuralstack.cli._kinds import Edits, OptionalPath, OtherRuns, RunPath, Texts, Versions
from neuralstack.cli._own_options import OwnOptions

if TYPE_CHECKING:
    from neuralstack.reporting import Trace as Traced

PICTURES = ".png", ".pdf"
SUFFIXES = ".html", *PICTURES, ".json"


@dataclass(frozen=True)
class Trace(OwnOptions):
    """Show what a machine does with its memory, step by step: as an interactive page, a picture, or data."""

    run: RunPath
    """The run's directory."""
    texts: Texts
    """The texts to answer by greedy decoding; a page can hold several."""
    out: OptionalPath = None
    """Output file, which ends in .html, .png, .pdf or .json. Defaults to trace.html in the run's directory."""
    versions: Versions = ("soft",)
    """Versions of the machine, side by side: before training, as trained, hardened."""
    beside: OtherRuns = ()
    """Other runs of the same task to show beside it."""
    edit: Edits = ()
    """Edits of steps, whose effect is shown: 4:push=0 sets a part of the action of step 4, and 4:memory=TEXT fills the
    memory with what it holds before step 4 of another text; so do state, readout and action. Each machine is shown
    without and with the edits."""
    overwrite: bool = False
    """Replace the file if it exists; the page in the run's directory is always replaced."""

    def __call__(self) -> int:
        """Trace, and write the file."""
        from neuralstack.reporting import Viewer

        out = self.out or self.run / "trace.html"
        self.check(out)
        edits = parse_edits(self.edit) or None
        viewer = Viewer.from_runs((self.run, *self.beside), self.versions, **self.own)
        traces = [traced for text in self.texts for traced in viewer.traces(text, edits)]
        if out.suffix in PICTURES:
            traces = traces[-1:]  # with the edits, if there are any
        self.write(out, traces)
        for traced in traces:
            if traced["unedited"]:
                print(self.effect(traced))
        print(f"{len(traces)} {'trace' if len(traces) == 1 else 'traces'}: {out}")
        return 0

    @staticmethod
    def effect(traced: "Traced") -> str:
        """Return the edits of a trace and the answers without and with them, one thing a line."""
        from neuralstack.reporting import edit_in_words

        edits = [f"  {edit_in_words(edit)}" for edit in traced["edits"]]
        answers = f"  answers {traced['answer']!r}, without the edits {traced['unedited']['answer']!r}"
        return "\n".join([f"{traced['name']}, given {traced['text']!r}", *edits, answers])

    def check(self, out: Path) -> None:
        """Check the options before anything is computed.

        Raises:
            ValueError: If the file cannot be written with them.
        """
        if out.suffix not in SUFFIXES:
            raise ValueError(f"--out must end in {', '.join(SUFFIXES)}, got {str(out)!r}.")
        if not self.texts or not self.versions:
            raise ValueError("give at least one text to trace, and one of the versions untrained, soft and hard.")
        many = len(self.texts) * len(self.versions) * (1 + len(self.beside)) > 1
        if many and out.suffix in PICTURES:
            raise ValueError(
                "a picture shows one machine and one text: give one of each, or an --out that ends in .html."
            )
        if out.exists() and self.out is not None and not self.overwrite:
            raise ValueError(f"{str(out)!r} exists: give another --out, or --overwrite.")

    @staticmethod
    def write(out: Path, traces: list) -> None:
        """Write traces in the format of the file's suffix, atomically."""
        from neuralstack._json import to_json_text
        from neuralstack.reporting import page, plot_trace
        from neuralstack.training import Run

        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".json":
            Run(out.parent).write(out.name, to_json_text(traces) + "\n")
        elif out.suffix == ".html":
            Run(out.parent).write(out.name, page(traces))
        else:
            plot_trace(traces[0], out.with_suffix(""), suffixes=(out.suffix,))
