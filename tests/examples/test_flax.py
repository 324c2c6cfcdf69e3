import runpy
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "flax_nnx.py"


@pytest.mark.slow
def test_a_flax_module_learns_with_a_memory():
    pytest.importorskip("flax")
    before, after = runpy.run_path(str(EXAMPLE))["train"]()
    assert before < 0.5
    assert after > 0.9


def test_without_flax_the_example_says_in_one_line_how_to_get_it():
    code = f"import sys, runpy\nsys.modules['flax'] = None\nrunpy.run_path({str(EXAMPLE)!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "examples/flax_nnx.py needs Flax, which is not installed: pip install flax\n"
