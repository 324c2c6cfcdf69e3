"""Transducers with stacks and queues, and their extraction from machines.

Names are imported lazily, since a transducer runs without JAX.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
