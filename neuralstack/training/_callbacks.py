"""Callbacks: objects that follow a training, such as one that sends its curves to a tracker of experiments."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from neuralstack._arguments import describe_object
from neuralstack._metrics_file import Record


class Callback:
    """Base of objects that follow a training; its methods do nothing, so override those that you need.

    Any object with `on_evaluation` will do; the other methods may be missing. All are called in the thread that trains,
    between two batches, for the callbacks in the order in which they were given. A run that has nothing left to train
    calls none. An error raised by `on_start` refuses the run, and nothing of a new one is left; raised later, it stops
    training, and the run can be resumed from its last evaluation.

    Examples:
        >>> import jax, neuralstack as ns
        >>> class Steps(ns.Callback):
        ...     def on_evaluation(self, step, metrics):
        ...         print(step, sorted(metrics))
        >>> task, key = ns.Reversal(max_length=4), jax.random.key(0)
        >>> machine = ns.Machine(ns.GRU(4, 8, key=key), ns.NeuralStack(4), task.vocab_size, key=key)
        >>> fitted = ns.fit(machine, task, lengths=(1, 4), batch_size=2, max_steps=4, key=key, callbacks=[Steps()])
        4 ['accuracy', 'attempt', 'loss', 'validation/coarse', 'validation/fine', 'validation/loss', 'validation/token',
        'warmed_up']
    """

    def on_start(self, config: Any) -> None:
        """Called when everything has been checked, before the first batch.

        Args:
            config: The `ns.Config` of the run; None in `ns.fit`, which has none.
        """

    def on_evaluation(self, step: int, metrics: dict[str, float]) -> None:
        """Called after each evaluation, once its record, weights and checkpoint have been written.

        Args:
            step: Number of batches trained on.
            metrics: The numbers of the evaluation, by name; those of a set begin with its name, as in
                `validation/coarse`.
        """

    def on_end(self, outcome: Any) -> None:
        """Called when training has ended and the run is complete, or with None if an error stops it.

        Args:
            outcome: The `ns.Outcome` of the run, the `ns.Fitted` of `ns.fit`, or None.
        """

    def of_member(self, name: str) -> "Callback":
        """Return the callback for one run of a sweep; unless overridden, all runs share this one.

        Args:
            name: The name of the run, such as `seed-0`.
        """
        return self


class Callbacks:
    """The callbacks of one run.

    Args:
        callbacks: Objects with the methods of `Callback`.

    Raises:
        TypeError: If they are not a list of such objects.
    """

    def __init__(self, callbacks: Sequence[Any] = ()):
        given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        for callback in given:
            if given is not callbacks or isinstance(callback, type) or not callable(_method(callback, "on_evaluation")):
                needed = "callbacks must be a list of objects with a method on_evaluation(step, metrics), such as"
                raise TypeError(f"{needed} [ns.TensorBoard('curves')], got {describe_object(callback)}.")
        self._callbacks = list(given)
        self._started: list[Any] = []

    @contextmanager
    def follow(self, config: Any) -> Iterator[None]:
        """Start the callbacks for the training in the block; if it fails, end those that have been started."""
        try:
            for callback in self._callbacks:
                _call(callback, "on_start", config)
                self._started.append(callback)
            yield
        except BaseException:
            while self._started:
                with suppress(Exception):  # the first error is the one that tells
                    _call(self._started.pop(0), "on_end", None)
            raise

    def evaluated(self, record: Record) -> None:
        """Pass on an evaluation."""
        for callback in self._started:
            callback.on_evaluation(record["step"], flat_metrics(record))

    def end(self, outcome: Any) -> None:
        """End the callbacks that have been started, all of them even if one raises an error."""
        with ExitStack() as ends:
            while self._started:
                ends.callback(_call, self._started.pop(), "on_end", outcome)

    def of_member(self, name: str) -> list[Any]:
        """Return the callbacks for one run of a sweep."""
        return [
            callback if (of_member := _method(callback, "of_member")) is None else of_member(name)
            for callback in self._callbacks
        ]


def flat_metrics(record: Record) -> dict[str, float]:
    """Return the numbers of an evaluation apart from its step, by name.

    Raises:
        ValueError: If one of them is not a number.

    Examples:
        >>> flat_metrics({"step": 50, "warmed_up": True, "loss": 0.5, "validation": {"coarse": 0.25}})
        {'warmed_up': 1.0, 'loss': 0.5, 'validation/coarse': 0.25}
    """
    numbers: dict[str, Any] = {}
    for name, value in record.items():
        inner = value if isinstance(value, dict) else {"": value}
        numbers |= {f"{name}/{of_set}".rstrip("/"): number for of_set, number in inner.items()}
    step = numbers.pop("step")
    for name, number in numbers.items():
        if not isinstance(number, int | float):
            raise ValueError(f"the evaluation at step {step} is broken: {name} is {number!r}, not a number.")
    return {name: float(number) for name, number in numbers.items()}


def _method(callback: Any, name: str) -> Callable[..., Any] | None:
    return getattr(callback, name, None)


def _call(callback: Any, name: str, argument: Any) -> None:
    method = _method(callback, name)
    if method is not None:
        method(argument)
