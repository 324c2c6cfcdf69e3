"""`neuralstack export-metrics`."""

from dataclasses import dataclass

from neuralstack.cli._kinds import OptionalDirectory, OptionalFile, RunPath


@dataclass(frozen=True)
class ExportMetrics:
    """Write the curves of a run, or of every run of a sweep, for TensorBoard or as a table."""

    run: RunPath
    """The directory of the run or the sweep, which may still be training."""
    tensorboard: OptionalDirectory = None
    """Directory of event files for TensorBoard; each run of a sweep has its own in it."""
    csv: OptionalFile = None
    """File of a table with comma-separated values, with a row for each evaluation."""
    overwrite: bool = False
    """Replace event files, or a table, that are there already."""

    def __call__(self) -> int:
        """Write the files, and print where they are."""
        if self.tensorboard is None and self.csv is None:
            raise ValueError("export-metrics needs --tensorboard DIR, --csv FILE or both.")
        from neuralstack.training import export_metrics

        count = export_metrics(self.run, tensorboard=self.tensorboard, table=self.csv, overwrite=self.overwrite)
        written = ", ".join(str(path) for path in (self.tensorboard, self.csv) if path is not None)
        print(f"curves of {count} {'run' if count == 1 else 'runs'}: {written}")
        return 0
