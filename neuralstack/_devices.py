"""How many devices JAX sees on a machine without an accelerator."""

import os


def use_cores(count: int) -> None:
    """Let JAX see up to `count` devices of the CPU, one for each core, before it is used for the first time.

    The command line calls this to train several runs at once; the library alone leaves JAX's settings as they are.
    """
    import jax

    jax.config.update("jax_num_cpu_devices", max(1, min(count, os.cpu_count() or 1)))
