"""Configurations that version 0.1 wrote as flat objects, translated to current names."""

from typing import Any

from neuralstack.training._config import Config
from neuralstack.training._options import with_options

RENAMED = {
    "hidden": "hidden_dim", "layers": "num_layers", "width": "memory_dim", "carry": "state_reset_every",
    "batch": "batch_size", "steps": "max_steps", "halve_every": "learning_rate_half_life", "clip": "max_grad_norm",
    "pull": "binarization", "pull_after": "binarization_start", "noise": "input_noise",
    "noise_after": "input_noise_start", "autoencode": "reconstruction", "forcing": "forcing_prob",
    "forcing_steps": "forcing_decay_steps", "patience": "stop_after_perfect", "finish": "extra_steps",
    "wiring": "connection", "watch_test": "log_test", "first_lengths": "warmup_lengths", "grow_over": "linear_steps",
}  # fmt: skip
OBJECTIVES = {"answers": "supervised", "traces": "imitation", "reinforce": "reinforce"}
CONNECTIONS = {"mixed": "skip"}
TASKS = {"memorisation": "memorization"}
CURRICULA = {"first": "warmup", "uniform": "uniform", "growing": "linear", "success": "adaptive"}
OWNERS = {
    "forcing_prob": "imitation", "forcing_decay_steps": "imitation", "entropy": "reinforce", "baseline": "reinforce",
    "warmup_lengths": "warmup", "linear_steps": "linear",
}  # fmt: skip


def is_legacy(data: Any) -> bool:
    """Return whether a run's configuration was written by version 0.1."""
    return isinstance(data, dict) and "neuralstack" not in data and "task" in data


def translate(data: dict[str, Any]) -> Config:
    """Translate a configuration that version 0.1 wrote as a flat object.

    Raises:
        ValueError: If an option is unknown.

    Examples:
        >>> translate({"task": "reversal", "hidden": 8, "objective": "traces", "forcing": 0.5}).objective.forcing_prob
        0.5
        >>> translate({"task": "memorisation"}).task
        'memorization'
    """
    options = {RENAMED.get(name, name): value for name, value in data.items()}
    objective = OBJECTIVES.get(options.get("objective", "answers"), "supervised")
    curriculum = CURRICULA.get(options.get("curriculum", "first"), "warmup")
    if curriculum == "warmup" and not options.get("warmup_lengths", True):
        curriculum = "uniform"
    options["connection"] = CONNECTIONS.get(str(options.get("connection")), options.get("connection"))
    options |= {"objective": objective, "curriculum": curriculum}
    options = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in options.items()
        if value is not None and OWNERS.get(name, objective) in (objective, curriculum)
    }
    task = str(options.pop("task"))
    return with_options(Config(TASKS.get(task, task)), **options)
