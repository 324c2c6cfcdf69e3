"""The bytes of all tensors that are alive at once."""

import weakref

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """A context that measures `peak`, the most bytes in storages that were made in it and alive at once."""

    def __init__(self):
        super().__init__()
        self.alive, self.peak, self.known = 0, 0, weakref.WeakSet()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        for part in tree_leaves(found):
            if hasattr(part, "untyped_storage"):
                self.count(part.untyped_storage())
        return found

    def count(self, storage):
        if storage not in self.known:
            self.known.add(storage)
            self.alive += storage.nbytes()
            self.peak = max(self.peak, self.alive)
            weakref.finalize(storage, self.forget, storage.nbytes())

    def forget(self, count):
        self.alive -= count
