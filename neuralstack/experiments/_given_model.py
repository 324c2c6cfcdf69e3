"""Models that a user gives to the benchmark: built, checked, and called on batches."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from neuralstack._arguments import describe_object
from neuralstack.machine import Machine
from neuralstack.tasks import AbstractTask

NEEDED = (
    "a JAX module from the tokens [steps] of one sequence to logits [steps, vocab_size], which is trained; or a "
    "function, or a PyTorch module, from tokens [batch, steps] to logits [batch, steps, vocab_size], which is measured "
    "as it is"
)


def build_model(build: Callable[..., Any], task: str, vocab_size: int, key: PRNGKeyArray) -> Any:
    """Return the model that `build` makes for a task; the key and the task are given by name where it has these names.

    Raises:
        ValueError: If `build` takes other arguments, or returns what is not a model.
    """
    try:
        signature = inspect.signature(build)
    except (TypeError, ValueError) as error:  # not callable, or a builtin
        raise ValueError(f"build must be a function of (vocab_size, key), got {describe_object(build)}.") from error
    named = {name: value for name, value in (("key", key), ("task", task)) if name in signature.parameters}
    arguments = (vocab_size,) if "key" in named else (vocab_size, key)
    try:
        signature.bind(*arguments, **named)
    except TypeError:
        raise ValueError(
            f"build must take (vocab_size, key), and may also take task, the name of the task; it takes {signature}: "
            "give other arguments a default."
        ) from None
    try:
        model = build(*arguments, **named)
    except Exception as error:
        raise ValueError(f"build failed for the task {task}, {described(error)}.") from error
    if not callable(model) or isinstance(model, type):
        raise ValueError(f"build must return {NEEDED}; it returned {describe_object(model)}.")
    return model


def is_trained(model: Any) -> bool:
    """Return whether the benchmark trains a model: a JAX module with weights; other models are measured as they are.

    Examples:
        >>> import equinox as eqx, jax
        >>> linear = eqx.nn.Linear(2, 3, key=jax.random.key(0))
        >>> is_trained(linear), is_trained(jax.vmap(linear))
        (True, False)
    """
    return any(map(eqx.is_inexact_array, jax.tree.leaves(model)))


def require_sequences(model: Any, task: AbstractTask) -> None:
    """Check that a JAX module maps the tokens of one sequence to logits.

    Raises:
        ValueError: If it fails, or its logits have another shape.
    """
    if isinstance(model, Machine):
        return
    kind = type(model).__name__
    try:
        given = eqx.filter_eval_shape(model, jax.ShapeDtypeStruct((task.steps,), jnp.int32)).shape
    except Exception as error:
        raise ValueError(
            f"the module that build returned, {kind}, fails on the tokens [steps] of one sequence, {described(error)}; "
            f"build must return {NEEDED}."
        ) from error
    require_shape(kind, (task.steps,), (task.steps, task.vocab_size), given)


def require_causal(model: Any, task: AbstractTask) -> None:
    """Check that a model's logits do not depend on later tokens.

    Raises:
        ValueError: If they do.
    """
    if isinstance(model, Machine):
        return
    tokens = np.arange(task.steps, dtype=np.int32) % task.vocab_size
    half = task.steps // 2
    changed = np.where(np.arange(task.steps) < half, tokens, (tokens + 1) % task.vocab_size).astype(np.int32)
    if is_trained(model):
        before, after = (np.asarray(eqx.filter_jit(model)(version)) for version in (tokens, changed))
    else:
        before, after = batch_answer(model, task.vocab_size)(np.stack([tokens, changed]))
    if not np.allclose(before[:half], after[:half], rtol=1e-3, atol=1e-4, equal_nan=True):
        raise ValueError(
            f"the model that build returned, {type(model).__name__}, looks ahead: its logits change with later tokens, "
            "which hold the answer to earlier ones in this suite; hide them, for example by a causal mask of attention."
        )


def described(error: Exception) -> str:
    """Return the kind of an error and the first line of its message."""
    first_line = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first_line}".rstrip(": .")


def require_shape(kind: str, tokens: tuple[int, ...], wanted: tuple[int, ...], given: tuple[int, ...]) -> None:
    """Check the shape of the logits that a model gives for tokens.

    Raises:
        ValueError: If it is another one.
    """
    if given != wanted:
        raise ValueError(
            f"for tokens of shape {tokens}, the model that build returned, {kind}, must give logits of shape {wanted}, "
            f"one for each of vocab_size={wanted[-1]} tokens, got {given}."
        )


def batch_answer(model: Any, vocab_size: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from a batch of tokens to logits in NumPy, whose errors say what the model must do."""
    call = torch_answer(model) if is_torch_module(model) else model

    def answer(tokens: np.ndarray) -> np.ndarray:
        try:
            logits = np.asarray(call(tokens))
        except Exception as error:
            raise ValueError(
                f"the model that build returned fails on tokens [batch, steps] of shape {tokens.shape}, "
                f"{described(error)}; build must return {NEEDED}."
            ) from error
        require_shape(type(model).__name__, tokens.shape, (*tokens.shape, vocab_size), logits.shape)
        return logits

    return answer


def is_torch_module(model: Any) -> bool:
    """Return whether a model is a PyTorch module; PyTorch is only looked for if the model's maker has imported it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def torch_answer(module: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that calls a PyTorch module on its own device, in evaluation mode and without gradients."""
    torch = sys.modules["torch"]
    device = next((weights.device for weights in module.parameters()), "cpu")

    def answer(tokens: np.ndarray) -> np.ndarray:
        module.eval()
        with torch.inference_mode():
            return module(torch.tensor(tokens, dtype=torch.long, device=device)).float().cpu().numpy()

    return answer
