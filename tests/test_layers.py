import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "neuralstack"

# From the foundation to the roof. A room is a module or a folder directly inside the package; `__init__` is the
# package's list of public names.
LAYERS = (
    ("_types", "_activations", "_cache", "_compiling", "_devices", "_logged_step", "_lookup", "program"),
    ("kernels",),
    ("memories", "controllers", "tasks"),
    ("machine", "parallel", "unroll", "metrics", "wirings", "hardening"),
    ("training", "evaluation", "analysis"),
    ("__init__",),
    ("experiments", "viewing"),
    ("cli",),
    ("__main__",),
)
HEIGHT = {room: height for height, rooms in enumerate(LAYERS) for room in rooms}
SEPARATE = {"memories", "controllers", "tasks"}  # these never import each other
KERNEL_USERS = {"kernels", "memories", "cli"}
ALONE = "reference"  # imports nothing else of the package
ALONE_USERS = {"experiments"}
LATE = {"matplotlib"}  # imported inside functions only, everywhere
LATE_IN_CLI = {"equinox", "jax", "jaxlib", "optax"}


def room_of(file, package):
    return file.relative_to(package).with_suffix("").parts[0]


def base_of(node, file, package):
    """The dotted name that `from ... import` starts from."""
    if not node.level:
        return node.module or ""
    parts = [package.name, *file.relative_to(package).parts[:-1]]
    return ".".join(parts[: len(parts) + 1 - node.level] + ([node.module] if node.module else []))


def imported_names(node, file, package):
    """Every dotted name that an import statement may load."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = base_of(node, file, package)
    return [f"{base}.{alias.name}" for alias in node.names]


def imported_room(name, package):
    """The room a dotted name leads to; None if it leads out of the package."""
    top, _, rest = name.partition(".")
    if top != package.name:
        return None
    room = rest.partition(".")[0]
    exists = room and ((package / room).is_dir() or (package / f"{room}.py").is_file())
    return room if exists else "__init__"


def run_on_import(node):
    """The nodes below `node` that run when its module is imported: not the bodies of functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from (node for other in child.orelse for node in (other, *run_on_import(other)))
            continue
        yield child
        yield from run_on_import(child)


def imports_in(nodes):
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def layer_fault(room, other):
    """Why `room` may not import `other`; None if it may."""
    if room == other:
        return None
    if room == ALONE:
        return f"{ALONE} stands alone"
    if other == ALONE:
        return None if room in ALONE_USERS else f"{ALONE} stands alone but for {', '.join(sorted(ALONE_USERS))}"
    if other == "kernels" and room not in KERNEL_USERS:
        return f"only {', '.join(sorted(KERNEL_USERS - {'kernels'}))} use the kernels"
    if {room, other} <= SEPARATE:
        return "siblings never import each other"
    if HEIGHT[other] > HEIGHT[room]:
        return "the layer is above"
    return None


def faults_of(package):
    """Return one line for every import, and every room, that breaks the rules."""
    faults = []
    for file in sorted(package.rglob("*.py")):
        room, where = room_of(file, package), file.relative_to(package).as_posix()
        if room != ALONE and room not in HEIGHT:
            faults.append(f"{where}: {room} has no layer")
            continue
        tree = ast.parse(file.read_text())
        for node in imports_in(ast.walk(tree)):
            others = {imported_room(name, package) for name in imported_names(node, file, package)} - {None}
            for other in sorted(others):
                if other != ALONE and other not in HEIGHT:
                    continue  # reported at its own file
                if fault := layer_fault(room, other):
                    faults.append(f"{where}:{node.lineno}: {room} imports {other}: {fault}")
        late = LATE | (LATE_IN_CLI if room == "cli" else set())
        for node in imports_in(run_on_import(tree)):
            tops = {name.partition(".")[0] for name in imported_names(node, file, package)}
            for top in sorted(tops & late):
                faults.append(f"{where}:{node.lineno}: {top} is imported at module level")
    return faults


def test_no_module_imports_a_layer_above_it():
    assert faults_of(PACKAGE) == []


def test_the_layers_name_no_room_twice():
    assert len(HEIGHT) == sum(map(len, LAYERS))


def house(root, modules):
    """Write a small package with the rooms that the cases need, and the given modules."""
    package = root / "neuralstack"
    sound = {
        "__init__": "from neuralstack.memories import Stack as Stack\n",
        "_types": "",
        "memories/__init__": "from neuralstack.memories._stack import Stack as Stack\n",
        "memories/_stack": "import jax\nfrom neuralstack import _types\nfrom .. import kernels\n",
        "kernels/__init__": "",
        "controllers/__init__": "",
        "tasks/__init__": "",
        "machine": "from neuralstack.memories import Stack\nimport neuralstack.controllers\n",
        "metrics": "",
        "training/_loop": "from ..machine import Machine\nfrom .. import metrics\n",
        "analysis/_figure": "def draw():\n    import matplotlib.pyplot\n",
        "experiments/demo": "import neuralstack as ns\nfrom neuralstack.reference import _stack\n",
        "reference/_stack": "import numpy\n",
        "cli": "import tyro\n\n\ndef main():\n    import jax\n    from neuralstack.training import fit\n",
        "__main__": "from neuralstack.cli import main\n",
    }
    for name, text in (sound | modules).items():
        file = package / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return package


def test_a_sound_house_has_no_faults(tmp_path):
    assert faults_of(house(tmp_path, {})) == []


BROKEN = {
    "upwards": ("machine", "from neuralstack.training._loop import fit", "machine imports training"),
    "upwards, relative": ("memories/_stack", "from ..machine import Machine", "memories imports machine"),
    "upwards, by name": ("memories/_stack", "from neuralstack import machine", "memories imports machine"),
    "upwards, late": ("metrics", "def f():\n    import neuralstack.cli", "metrics imports cli"),
    "upwards, for types": (
        "metrics",
        "if TYPE_CHECKING:\n    from neuralstack.analysis import x",
        "metrics imports analysis",
    ),
    "to the public names": ("training/_loop", "import neuralstack as ns", "training imports __init__"),
    "to a sibling": ("memories/_stack", "from neuralstack.tasks import TASKS", "siblings never import each other"),
    "to a sibling, relative": ("controllers/_gru", "from .. import memories", "siblings never import each other"),
    "to the reference": ("cli", "from neuralstack.reference._stack import reads", "reference stands alone"),
    "to the reference, from below": ("machine", "from . import reference", "alone but for experiments"),
    "from the reference": ("reference/_stack", "from .. import memories", "reference stands alone"),
    "to the kernels": ("training/_loop", "from neuralstack import kernels", "use the kernels"),
    "an unknown room": ("utils", "", "utils has no layer"),
    "early matplotlib": (
        "analysis/_figure",
        "try:\n    import matplotlib.pyplot as plt\nfinally:\n    pass",
        "matplotlib",
    ),
    "early matplotlib, in a class": ("metrics", "class A:\n    from matplotlib import pyplot", "matplotlib"),
    "early jax in the command line": ("cli", "import jax.numpy as jnp", "jax is imported at module level"),
}


@pytest.mark.parametrize(("module", "text", "fault"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_found(tmp_path, module, text, fault):
    (found,) = faults_of(house(tmp_path, {module: text}))
    assert module in found
    assert fault in found
