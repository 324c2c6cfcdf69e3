"""What README and docs show in console blocks is what the commands print."""

import shlex
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from consoles import Command, File, is_as_shown, steps_of

from neuralstack.cli import main

ROOT = Path(__file__).parents[1]
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text() for page in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
}
PAGES = {name: text for name, text in PAGES.items() if any(isinstance(step, Command) for step in steps_of(text))}


def run(typed):
    """Run a command line; return its status and all that it printed. Our own command runs in this process."""
    arguments = shlex.split(typed)
    if arguments[0] != "neuralstack" or set(arguments) & {"|", ">", "&&", "<"}:
        script = f'neuralstack() {{ "{sys.executable}" -P -m neuralstack "$@"; }}; {typed}'
        done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as stop:
        main(arguments[1:])
    return stop.value.code, printed.getvalue()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_its_commands_print(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for step in steps_of(PAGES[page]):
        if isinstance(step, File):
            Path(step.name).write_text(step.text)
            continue
        status, printed = run(step.typed)
        assert is_as_shown(step.shown, printed), f"$ {step.typed}\n--- shown:\n{step.shown}\n--- printed:\n{printed}"
        assert status == 0 or "neuralstack: " in step.shown, f"$ {step.typed}\nended with {status}:\n{printed}"


PAGE = """
<!-- setup: echo made
   > setup.txt -->
```python title="hello.py"
print("hello")
```

```console
$ python hello.py
hello
$ cat setup.txt \\
    hello.py
```

<!-- not run: it takes an hour -->

```console
$ sleep 3600
```

```sh
make nothing
```
"""


def test_a_page_is_files_and_commands_in_order():
    assert steps_of(PAGE) == [
        Command("echo made > setup.txt", ""),
        File("hello.py", 'print("hello")\n'),
        Command("python hello.py", "hello\n"),
        Command("cat setup.txt      hello.py", ""),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "right"), [("a ... b", "a 12 b\n", True), ("a", "b", False), ("", "b", True)]
)
def test_dots_stand_for_what_varies_and_no_output_for_any(shown, printed, right):
    assert is_as_shown(shown, printed) is right
