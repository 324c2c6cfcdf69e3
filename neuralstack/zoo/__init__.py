"""The zoo: networks that learned algorithms, the programs that were found in them, and what was proved about these.

Each entry is network, program and ground truth together: for people who work on understanding networks, a benchmark
whose right answers are known. `neuralstack reproduce zoo` makes all of it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
