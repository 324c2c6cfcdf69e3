"""The kinds of arguments of the commands, and how the help names their values. Nothing here imports JAX.

The help of an argument that may be left out says in its own words what holds then.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import FlagCreatePairsOff, Positional, UseAppendAction, arg


def named(metavar: str, **settings: Any) -> Any:
    """Return the settings of an argument whose values the help calls by a name, and nothing more."""
    return arg(metavar=metavar, help_behavior_hint="", **settings)


def choice(*names: str) -> Any:
    """Return the settings of an option that takes one of these names."""
    return named("{" + ",".join(names) + "}")


RunPath = Positional[Annotated[Path, named("RUN")]]
RunPaths = Positional[Annotated[tuple[Path, ...], named("RUN [RUN ...]")]]
RunsOrPrograms = Positional[Annotated[tuple[Path, ...], named("RUN|PROGRAM.json [RUN|PROGRAM.json ...]")]]
OtherRuns = Annotated[tuple[Path, ...], named("RUN [RUN ...]")]
Given = Positional[Annotated[str, named("TEXT")]]
Texts = Positional[Annotated[tuple[str, ...], named("TEXT [TEXT ...]")]]
Task = Positional[Annotated[str | None, named("TASK")]]
TaskOrFile = Positional[Annotated[str | None, named("TASK|CONFIG.toml")]]
Family = Positional[Annotated[str | None, named("FAMILY")]]
Experiment = Positional[Annotated[str, named("NAME")]]

OwnModel = Positional[Annotated[str, named("FILE.py:NAME")]]

Name = Annotated[str | None, named("NAME")]
Names = Annotated[tuple[str, ...] | None, named("NAME [NAME ...]")]
Project = Annotated[str | None, named("PROJECT")]
Text = Annotated[str | None, named("TEXT")]
File = Annotated[str | None, named("PATH")]
OptionalPath = Annotated[Path | None, named("PATH")]
PageFile = Annotated[Path, arg(metavar="PATH")]
OptionalDirectory = Annotated[Path | None, named("DIR")]
OptionalFile = Annotated[Path | None, named("FILE")]
OptionalRun = Annotated[Path | None, named("RUN")]
Source = Annotated[Path | None, named("RUN", name="from")]
Reference = Annotated[str | None, named("FILE.py:NAME")]
Whole = Annotated[int | None, named("N")]
Wholes = Annotated[tuple[int, ...] | None, named("N [N ...]")]
Lengths = Annotated[tuple[int, int] | None, named("N N")]
Number = Annotated[float | None, named("X")]
Numbers = Annotated[tuple[float, ...], named("X [X ...]")]
Edits = Annotated[tuple[str, ...], named("STEP:PART=VALUE [STEP:PART=VALUE ...]")]
Choices = UseAppendAction[Annotated[tuple[str, ...], named("OPTION=VALUE,VALUE")]]
Address = Annotated[str | None, named("tcp://HOST:PORT")]
HostAndPort = Annotated[str | None, named("HOST:PORT")]
Seconds = Annotated[float | None, named("SECONDS")]
Count = Annotated[int, arg(metavar="N")]
Amount = Annotated[float, arg(metavar="X")]
Versions = Annotated[
    tuple[Literal["untrained", "soft", "hard"], ...], arg(metavar="{untrained,soft,hard} [{untrained,soft,hard} ...]")
]
Objective = Annotated[str | None, choice("supervised", "imitation", "reinforce")]
Curriculum = Annotated[str | None, choice("warmup", "uniform", "linear", "adaptive")]
ProgramFormat = Annotated[str, choice("python", "c", "javascript", "module", "dot", "json")]
Suite = Annotated[str, arg(metavar="{chomsky,transductions,counting,dyck}")]
Flag = FlagCreatePairsOff[bool]
Switch = Annotated[str | None, choice("on", "off")]
Baseline = Annotated[str | None, choice("running", "learned")]
