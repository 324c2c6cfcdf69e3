"""Teaching a machine a task, and keeping what it learned. Imported name by name on first use, as the package is."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
