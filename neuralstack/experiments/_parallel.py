"""Work on several cores at once, which Ctrl-C ends."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from neuralstack.training import defer_keyboard_interrupt

Item = TypeVar("Item")
Product = TypeVar("Product")


def map_on_cores(work: Callable[[Item], Product], items: Iterable[Item]) -> Iterator[Product]:
    """Apply a function to several items, as many at once as there are cores, and yield the results in order.

    Compilation benefits the most. Training inside the function stops if the whole is interrupted.

    Raises:
        KeyboardInterrupt: If Ctrl-C was pressed.
    """
    with defer_keyboard_interrupt() as interrupted, ThreadPoolExecutor(os.cpu_count()) as pool:

        def do(item: Item) -> Product:
            if interrupted():
                raise KeyboardInterrupt
            return work(item)

        futures = [pool.submit(do, item) for item in items]
        try:
            for future in futures:
                # With a timeout, since a signal that arrives just before a wait does not end it.
                while not wait([future], timeout=0.1).done:
                    pass
                product = future.result()
                if interrupted():  # also by a signal after the work was done
                    raise KeyboardInterrupt
                yield product
            if interrupted():
                raise KeyboardInterrupt
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
