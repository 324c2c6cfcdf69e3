"""Training a machine on a task, and saving the result. Names are imported on first use, as in the package itself."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
