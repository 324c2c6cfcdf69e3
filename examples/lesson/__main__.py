"""Train all networks, print tables next to the published results, and plot the strengths.

Results of finished seeds are read, not trained again: after an interruption, the same command continues.
"""

import argparse
import sys
from pathlib import Path

from .report import draw_strengths, tables
from .seeds import COMMAND, QUICK, VARIANTS, run_lesson


def main(arguments: list[str] | None = None) -> int:
    """Run the lesson's experiment."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="3 seeds of each variant on shorter strings: a minute")
    parser.add_argument("--out", type=Path, help="directory of the results (default: runs/lesson)")
    options = parser.parse_args(arguments)
    path = options.out or Path("runs", "lesson-quick" if options.quick else "lesson")
    command = f"{COMMAND} --quick" if options.quick else COMMAND
    try:
        result = run_lesson(path, QUICK if options.quick else VARIANTS, command)
    except KeyboardInterrupt:
        print("interrupted: the same command continues", file=sys.stderr)
        return 130
    except (OSError, ValueError) as error:
        print(f"lesson: {error}", file=sys.stderr)
        return 2
    draw_strengths(result, path / "strengths")
    for table in tables(result):
        print(table)
    print(f"result and figure: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
