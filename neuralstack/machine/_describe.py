"""A machine in a few lines, for terminals and notebooks."""

from dataclasses import fields
from html import escape
from typing import TYPE_CHECKING

from neuralstack._connection import CONNECTIONS, Connection
from neuralstack.controllers import AbstractController, AbstractLayeredController, BoundedController
from neuralstack.machine._parameters import num_parameters

if TYPE_CHECKING:
    from neuralstack.machine._machine import Machine


def unhashable(name: str, inputs: str) -> str:
    """Return the error of a module that is given where JAX needs a hashable function."""
    return (
        f"a {name} holds arrays and cannot be hashed, as jax.jit and jax.checkpoint need of a function: call "
        f"eqx.filter_jit({name}) or jax.jit(lambda {inputs}: {name}({inputs})), or the same with checkpoint."
    )


def parts_of(machine: "Machine") -> dict[str, str]:
    """Return a short description of each part of a machine."""
    parts = {
        "controller": controller_name(machine.controller),
        "memory": repr(machine.memory),
        "vocab_size": str(machine.vocab_size),
        "connection": connection_name(machine.connection),
    }
    if machine.readout is not None:
        parts["readout"] = controller_name(machine.readout)
    if machine.quantized:
        parts["quantized"] = "True"
    return parts | {"parameters": f"{num_parameters(machine):,}"}


def controller_name(controller: AbstractController) -> str:
    """Return the class of a controller and its sizes."""
    if isinstance(controller, BoundedController):
        return f"BoundedController({controller_name(controller.controller)})"
    inner = getattr(controller, "cell", getattr(controller, "module", controller))
    layers = len(controller.layers) if isinstance(controller, AbstractLayeredController) else 1
    sizes = f"{controller.input_size}, {controller.hidden_size}" + (f", num_layers={layers}" if layers > 1 else "")
    return f"{type(inner).__name__}({sizes})"


def connection_name(connection: Connection) -> str:
    """Return the name of a published connection, or what another one changes in the default."""
    given = [(field.name, getattr(connection, field.name), field.default) for field in fields(connection)]
    changed = ", ".join(f"{name}={value!r}" for name, value, default in given if value != default)
    return next((repr(name) for name, known in CONNECTIONS.items() if known == connection), f"Connection({changed})")


def as_text(machine: "Machine") -> str:
    """Return a description of a machine in one line."""
    parts = parts_of(machine)
    count = parts.pop("parameters")
    controller, memory = parts.pop("controller"), parts.pop("memory")
    rest = ", ".join(f"{name}={text}" for name, text in parts.items())
    return f"Machine({controller}, {memory}, {rest})  # {count} parameters"


def as_html(machine: "Machine") -> str:
    """Return a description of a machine as a small table."""
    cells = [f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in parts_of(machine).items()]
    return f"<table><caption>Machine</caption>{''.join(cells)}</table>"
