"""A callback that sends curves to Weights & Biases. Nothing here imports JAX."""

from typing import Any

from neuralstack.training._bounds import to_json
from neuralstack.training._callbacks import Callback


class WeightsAndBiases(Callback):
    """Callback that sends the configuration and the curves of a training to Weights & Biases.

    It needs the package wandb, 0.19.10 or newer, which no extra installs. The members of a sweep are runs of their own,
    in one group.

    Args:
        project: The name of the project there.
        options: Further arguments of `wandb.init`, such as `entity`, `name`, `tags` and `mode`; or the `id` of a run
            there and `resume="must"`, to continue it.

    Raises:
        ModuleNotFoundError: If wandb is not installed.
        ValueError: If the project has no name.
    """

    def __init__(self, project: str, **options: Any):
        try:
            import wandb  # pyright: ignore[reportMissingImports] it is large, so the tests use a stand-in
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError("wandb is not installed: run pip install wandb", name=error.name) from None
        if not project:
            raise ValueError("the project in Weights & Biases has no name: give one.")
        self._wandb, self._project, self._options = wandb, project, options
        self._run: Any = None

    def on_start(self, config: Any) -> None:
        """Start a run there, with the configuration.

        Raises:
            ValueError: If it cannot be started, for example without an account.
        """
        described = {} if config is None else {"config": to_json(config)}
        # Several runs at once, as in a sweep, must not end each other.
        options = {"project": self._project, "reinit": "create_new", **described, **self._options}
        try:
            self._run = self._wandb.init(**options)
        except self._wandb.errors.Error as error:
            raise ValueError(f"Weights & Biases cannot start a run in {self._project!r}: {error}") from error

    def on_evaluation(self, step: int, metrics: dict[str, float]) -> None:
        """Send the numbers of an evaluation."""
        self._run.log(metrics, step=step)

    def on_end(self, outcome: Any) -> None:
        """Finish the run there; it counts as failed unless training came to its end."""
        completed = outcome is not None and getattr(outcome, "status", "done") in ("perfect", "done")
        self._run.finish(exit_code=0 if completed else 1)

    def of_member(self, name: str) -> "WeightsAndBiases":
        """Return the callback of one run of a sweep: all have one group, which bears the name given, if any."""
        group = {"group": self._options["name"]} if "name" in self._options else {}
        return WeightsAndBiases(self._project, **(group | self._options | {"name": name}))
