"""Networks by name, which take the place of a controller and its connection in a configuration."""

import inspect
from typing import Annotated, Any, NamedTuple

from neuralstack._lookup import nearest
from neuralstack._name_options import split_options
from neuralstack.machine import NETWORKS
from neuralstack.memories import AbstractMemory
from neuralstack.training._bounds import Bounds, check_field
from neuralstack.training._config import Layers, MachineConfig

EXAMPLE = "transformer(num_layers=2, heads=4)"
OF_THE_CONFIGURATION = frozenset({"vocab_size", "width", "memory", "key"})  # parameters that it gives


class Options:
    """Bounds of the options of networks."""

    num_layers: Layers
    heads: Annotated[int, Bounds(1, 1000)]


class NamedNetwork(NamedTuple):
    """A network and the options in parentheses after its name."""

    name: str
    options: dict[str, Any]

    def option(self, name: str) -> Any:
        """Return an option as given, or its default."""
        return self.options.get(name, inspect.signature(NETWORKS[self.name]).parameters[name].default)

    def arguments(self, config: MachineConfig, memory: AbstractMemory) -> dict[str, Any]:
        """Return the arguments of the network's class, besides the number of tokens and the key."""
        num_layers = config.num_layers or self.option("num_layers")
        sizes = {"width": config.hidden_dim, **self.options, "num_layers": num_layers}
        return {**sizes, "memory": memory if memory.action_size else None}


def network_from_name(name: str) -> NamedNetwork | None:
    """Return the network of a name with options in parentheses, or None if it is the name of a controller.

    Raises:
        ValueError: If an option is unknown or out of range.

    Examples:
        >>> network_from_name("transformer(heads=2)")
        NamedNetwork(name='transformer', options={'heads': 2})
        >>> network_from_name("gru")
    """
    if name.partition("(")[0].strip() not in NETWORKS:
        return None
    kind, options = split_options("controller", name, EXAMPLE)
    known = [option for option in inspect.signature(NETWORKS[kind]).parameters if option not in OF_THE_CONFIGURATION]
    for option, value in options.items():
        if option not in known:
            hint = nearest(option, known)
            raise ValueError(f"a {kind} has no option {option!r}: {hint}choose from {', '.join(known)}.")
        check_field(Options, option, value, option)
    return NamedNetwork(kind, options)


def check_network(config: MachineConfig, network: NamedNetwork) -> None:
    """Check that a configuration has no part that a network lacks.

    Raises:
        ValueError: If it has; the message names it.
    """
    given = {"connection": config.connection, "readout": None if config.readout == "none" else config.readout}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{name} belongs to a recurrent controller with a memory, got {value!r} with the controller "
                f"{config.controller}: leave it out."
            )
    if config.num_layers not in (None, network.options.get("num_layers", config.num_layers)):
        raise ValueError(
            f"num_layers was given twice, as {config.num_layers} and in {config.controller}: leave one of them out."
        )
