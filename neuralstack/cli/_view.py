"""`neuralstack view`."""

from dataclasses import dataclass

from neuralstack.cli._kinds import Count, OtherRuns, RunPath, Text, Versions
from neuralstack.cli._own_options import OwnOptions


@dataclass(frozen=True)
class View(OwnOptions):
    """Serve the page of a machine on this computer only, and trace the texts typed there."""

    run: RunPath
    """The run's directory."""
    versions: Versions = ("soft",)
    """Versions of the machine, side by side: before training, as trained, hardened."""
    beside: OtherRuns = ()
    """Other runs of the same task to show beside it."""
    port: Count = 8765
    """The port to listen on, at 127.0.0.1; 0 chooses a free one."""
    text: Text = None
    """The first text on the page. Defaults to an example of the task."""

    def __call__(self) -> int:
        """Serve until interrupted."""
        from neuralstack.cli.server import serve
        from neuralstack.reporting import Viewer

        if not 0 <= self.port < 1 << 16:
            raise ValueError(f"--port must be in 0..65535, got {self.port}.")
        serve(Viewer.from_runs((self.run, *self.beside), self.versions, **self.own), self.port, self.text)
        return 0
