"""Tasks by name."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass, replace
from typing import Any

from neuralstack._lookup import resolve
from neuralstack.tasks._base import AbstractTask
from neuralstack.tasks._function_task import FunctionTask
from neuralstack.tasks._pair_task import PairTask

PAIRS = "pairs"  # the task that reads a file of data


def as_task(value: Any, name: str, max_length: int | None = None) -> AbstractTask:
    """Return the task given by a task, a class of tasks, or a plain function from list to list.

    Args:
        value: The task, class or function.
        name: Its name, for errors.
        max_length: The longest source. Defaults to the task's own.

    Raises:
        ValueError: If the value is something else.
    """
    sizes: dict[str, Any] = {} if max_length is None else {"max_length": max_length}
    if isinstance(value, AbstractTask):
        return replace(value, **sizes) if is_dataclass(value) else value
    is_class = inspect.isclass(value)
    made = value if not is_class and "max_length" in _parameters(value) else None
    if (is_class and issubclass(value, AbstractTask)) or made is not None:
        task = value(**sizes)
        if isinstance(task, AbstractTask):
            return task
    elif callable(value) and not is_class:
        function: Callable[[list[Any]], Any] = value
        return FunctionTask(function, **sizes)
    raise ValueError(
        f"{name!r} is not a task but {value!r}: give a task, a class of tasks, or a function from a list of symbols to "
        "a list of symbols."
    )


def _parameters(value: Any) -> list[str]:
    try:
        return list(inspect.signature(value).parameters)
    except (TypeError, ValueError):
        return []


def task_from_name(
    name: str, tasks: Mapping[str, Any], max_length: int | None = None, *, data: str = ""
) -> AbstractTask:
    """Return a task by name: one of the registry, of an installed package, or `FILE.py:NAME`.

    Args:
        name: The name.
        tasks: The registry.
        max_length: The longest source. Defaults to the task's own.
        data: The file of the task `pairs`.

    Raises:
        ValueError: If there is no such task, or a file of data is missing, or given to a task that takes none.
    """
    if name == PAIRS:
        if not data:
            raise ValueError(
                'the task pairs is made of a file of JSON lines, {"source": ..., "target": ...}: give its path, as in '
                "configure('pairs', pairs='FILE.jsonl')."
            )
        return PairTask(data, max_length=max_length)
    return as_task(resolve("task", {**tasks, PAIRS: PairTask}, name), name, max_length)
