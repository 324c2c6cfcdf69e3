"""Checks with a guarantee: programs compared with their task on all sources up to a length, and proved for every one.

Proofs need Z3, `pip install 'neuralstack[proof]'`, which is loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
