from . import strengths as strengths
from ._library import (
    are_switched_off as are_switched_off,
    compiled_file as compiled_file,
    load_library as load_library,
)
from ._xla import (
    are_available as are_available,
    warn_if_unavailable as warn_if_unavailable,
    why_unavailable as why_unavailable,
)
from .strengths import MEMORIES as MEMORIES
