"""A compilation cache that outlives the process: compiling then costs a user once what it else costs every time."""

import os
from pathlib import Path


def use_compilation_cache() -> None:
    """Keep compiled programs in the user's cache directory, unless JAX was told of another by its own variable.

    The command line calls this; the library alone leaves JAX's settings as they are.
    """
    import jax

    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        jax.config.update("jax_compilation_cache_dir", str(home / "neuralstack" / "jax"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)
