"""Console blocks of README and docs, and prompts on the same pages, show what is printed."""

import builtins
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import nullcontext, redirect_stderr, redirect_stdout, suppress
from doctest import DocTestParser, DocTestRunner
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from consoles import FLAGS, Checker, Command, File, Prompt, is_as_shown, is_session, steps_of
from small_runs import shared

from neuralstack.cli import main
from small import compiled_as_users_do

ROOT = Path(__file__).parents[1]
FILES = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
PAGES = {page.relative_to(ROOT).as_posix(): steps_of(page.read_text()) for page in FILES}
PAGES = {name: steps for name, steps in PAGES.items() if is_session(steps)}
# These train several models each, so they are run as a whole only; other tests have small ones of the same kinds.
LONG_PAGES = {f"docs/guide/own-{what}.md" for what in ("data", "memory", "training")}
# These train reversal as users do, long enough to compile as users do; the others compile longer than they train.
TRAINED_LONG = {"README.md", *(f"docs/guide/{name}.md" for name in ("command-line", "first-steps", "looking"))}
TIERS = [pytest.param(name, False, id=name) for name in PAGES if name not in LONG_PAGES] + [
    pytest.param(name, True, id=f"{name}-whole", marks=pytest.mark.slow)
    for name, steps in PAGES.items()
    if any(step.slow for step in steps)
]


def run(typed):
    """Run a command line; return its status and all that it printed. Our own command runs in this process."""
    arguments = shlex.split(typed)
    if arguments[0] != "neuralstack" or set(arguments) & {"|", ">", "&&", "<"}:
        python = f'"{sys.executable}" -W error'
        script = f'neuralstack() {{ {python} -P -m neuralstack "$@"; }}; python() {{ {python} "$@"; }}; {typed}'
        done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout
    printed = StringIO()
    with redirect_stdout(printed), redirect_stderr(printed), pytest.raises(SystemExit) as stop:
        main(arguments[1:])
    return stop.value.code, printed.getvalue()


def check_command(command):
    status, printed = run(command.typed)
    context = f"$ {command.typed}\n--- shown:\n{command.shown}\n--- printed:\n{printed}"
    assert is_as_shown(command.shown, printed), context
    assert status == 0 or "neuralstack: " in command.shown, f"ended with {status}: {context}"


def set_up(command, directory, everybody):
    """Run the command that a page begins with; pages that begin alike share what the first of them has made."""
    made = everybody / f"set up {sha256(command.typed.encode()).hexdigest()[:16]}"
    if made.exists():
        shutil.copytree(made, directory, dirs_exist_ok=True)
        return
    check_command(command)
    own = shutil.copytree(directory, everybody / f"{made.name} {os.getpid()}")
    with suppress(OSError):  # another process was as quick
        own.rename(made)


def check_prompt(prompt, names, page):
    """Run lines at a prompt of Python, which keeps its names from block to block."""
    test = DocTestParser().get_doctest(prompt.text, names, page, page, 0)
    report = StringIO()
    failed, _ = DocTestRunner(Checker(), verbose=False, optionflags=FLAGS).run(
        test, out=report.write, clear_globs=False
    )
    names |= test.globs
    vars(builtins).pop("_", None)  # the last value, which a prompt keeps and tyro cannot handle
    assert not failed, report.getvalue()


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """An empty directory to work in, whose Python files can be imported."""
    known = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("CHECKOUT", str(ROOT))
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize(("page", "whole"), TIERS)
def test_a_page_shows_what_is_printed(page, whole, directory, monkeypatch, request, tmp_path_factory):
    is_trained_long = whole and page in TRAINED_LONG
    if is_trained_long:
        request.getfixturevalue("unchecked_types")
        monkeypatch.delenv("JAX_DISABLE_MOST_OPTIMIZATIONS", raising=False)
    names = {}
    with compiled_as_users_do() if is_trained_long else nullcontext():
        for step in PAGES[page]:
            if step.slow and not whole:
                continue
            match step:
                case File():
                    with open(directory / step.name, "a") as file:
                        file.write(step.text)
                case Prompt():
                    check_prompt(step, names, page)
                case Command(is_setup=True) if not any(directory.iterdir()):
                    set_up(step, directory, shared(tmp_path_factory))
                case Command():
                    check_command(step)


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

<!-- slow: it takes an hour -->

```console
$ sleep 3600
```

<!-- slow setup: sleep 3601 -->

```pycon
>>> 1 + 1
2
```

```sh
make nothing
```
"""


def test_a_page_is_files_commands_and_prompts_in_order():
    assert steps_of(PAGE) == [
        Command("echo made > setup.txt", "", is_setup=True),
        File("hello.py", 'print("hello")\n'),
        Command("python hello.py", "hello\n"),
        Command("cat setup.txt      hello.py", ""),
        Command("sleep 3600", "", slow=True),
        Command("sleep 3601", "", slow=True, is_setup=True),
        Prompt(">>> 1 + 1\n2\n"),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "right"),
    [
        ("a ... b", "a 12 b\n", True),
        ("a", "b", False),
        ("", "b", True),
        ("[0.8 2.8]", "[0.8 2.7999997]", True),
        ("0.25", "0.21", False),
    ],
)
def test_dots_stand_for_what_varies_no_output_for_any_and_numbers_have_the_digits_shown(shown, printed, right):
    assert is_as_shown(shown, printed) is right
