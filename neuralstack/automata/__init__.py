"""Transducers with stacks and queues, and how one is found in a machine.

Imported name by name on first use: a transducer runs without JAX.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
