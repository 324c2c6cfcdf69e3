"""A grid: every combination of some options of a configuration, each with several seeds."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

from neuralstack._arguments import require_object
from neuralstack.training._bounds import check_field
from neuralstack.training._config import Config, OptimizerConfig
from neuralstack.training._options import with_options

MOST_SEEDS = 10_000  # each has its own directory
SHORT_NAMES = {"learning_rate": "rate"}


def grid(config: Config, *, seeds: int = 1, **varied: Sequence[Any]) -> dict[str, Config]:
    """Return a configuration with every combination of some options, each with several seeds, for `sweep`.

    Args:
        config: The configuration; its seed is the first one.
        seeds: Number of consecutive seeds.
        varied: The values of each option that varies: any option of `configure`.

    Returns:
        The configurations by name: `seed-S`, followed by each option that varies and its value.

    Raises:
        ValueError: If there is no seed, an option is unknown, or its values are not a list of different ones.

    Examples:
        >>> import neuralstack as ns
        >>> cells = ns.grid(ns.configure("reversal"), seeds=2, learning_rate=(0.001, 0.003))
        >>> list(cells)
        ['seed-0-rate-0.001', 'seed-1-rate-0.001', 'seed-0-rate-0.003', 'seed-1-rate-0.003']
    """
    require_object("config", config, Config, 'ns.Config("reversal")')
    return cells_of(partial(with_options, config), varied, seeds=seeds, first_seed=config.seed)


def cells_of(
    build: Callable[..., Config], varied: Mapping[str, Sequence[Any]], *, seeds: int, first_seed: int
) -> dict[str, Config]:
    """Return what a function makes of every combination of options and of each seed, by name."""
    require_seeds(seeds)
    for option, values in varied.items():
        require_values(option, values)
    cells: dict[str, Config] = {}
    for values in product(*varied.values()):
        options = dict(zip(varied, values, strict=True))
        for seed in range(first_seed, first_seed + seeds):
            name = cell_name(seed, options)
            if name in cells:
                raise ValueError(f"two configurations of the grid are called {name!r}: give them names of your own.")
            cells[name] = build(**options, seed=seed)
    return cells


def cell_name(seed: int, options: Mapping[str, Any]) -> str:
    """Return the name of a cell of a grid.

    Examples:
        >>> cell_name(0, {"memory": "superposition(stacks=2)", "learning_rate": 1e-3, "warmup_lengths": (4, 8)})
        'seed-0-memory-superposition(stacks=2)-rate-0.001-warmup_lengths-4-8'
    """
    return "-".join(
        [f"seed-{seed}", *(f"{SHORT_NAMES.get(name, name)}-{value_text(value)}" for name, value in options.items())]
    )


def value_text(value: Any) -> str:
    """Return the value of an option as a part of a directory's name."""
    if isinstance(value, tuple | list):
        return "-".join(map(value_text, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    text = str(value) if isinstance(value, int | str) else type(value).__name__.lower()
    return re.sub(r"[^\w.+=(),-]", "_", text)


def require_seeds(seeds: int) -> None:
    """Check a number of seeds.

    Raises:
        ValueError: If there are none, or too many.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise ValueError(f"seeds must be at least 1 and at most {MOST_SEEDS}, got {seeds}.")


def require_values(option: str, values: Any) -> None:
    """Check the values of an option that varies.

    Raises:
        ValueError: If they are not a list of different values, or the option is the seed.
    """
    if option == "seed":
        raise ValueError("a grid has consecutive seeds: give their number as seeds, and the first in the config.")
    if not isinstance(values, list | tuple | range) or not values:
        raise ValueError(
            f"{option} must be a list of values to try, got {values!r}: give several, or set it in the configuration."
        )
    if any(value in values[:number] for number, value in enumerate(values)):
        raise ValueError(f"{option} must have every value only once, got {', '.join(map(str, values))}.")


def seeds_and_rates(config: Config, seeds: int, learning_rates: Sequence[float]) -> dict[str, Config]:
    """Return a configuration with several seeds, and with learning rates if there are any, by name.

    Raises:
        ValueError: If there is no seed, or a learning rate is out of range or given twice.
    """
    require_seeds(seeds)
    if len(set(learning_rates)) < len(learning_rates):
        raise ValueError(f"learning_rates must each be given only once, got {', '.join(map(str, learning_rates))}.")
    for rate in learning_rates:
        check_field(OptimizerConfig, "learning_rate", rate, "learning_rates")
    return grid(config, seeds=seeds, **({"learning_rate": tuple(learning_rates)} if learning_rates else {}))


def grown(cells: Mapping[str, Config], seeds: int) -> dict[str, Config]:
    """Return the cells of a grid with another number of seeds for each combination.

    Raises:
        ValueError: If the cells are not those of a grid.
    """
    require_seeds(seeds)
    firsts: dict[str, int] = {}
    for name, config in cells.items():
        named = f"seed-{config.seed}"
        if name != named and not name.startswith(f"{named}-"):
            raise ValueError(
                f"the cell {name!r} is not named after its seed, so there is no next one: leave out seeds."
            )
        rest = name.removeprefix(named)
        firsts[rest] = min(config.seed, firsts.get(rest, config.seed))
    return {
        f"seed-{seed}{rest}": with_options(cells[f"seed-{first}{rest}"], seed=seed)
        for rest, first in firsts.items()
        for seed in range(first, first + seeds)
    }
