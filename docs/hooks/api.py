"""List the package's public names on the page about them, so that no name can be forgotten.

A line `<!-- names: MODULE -->` becomes the descriptions of all names that `neuralstack/__init__.pyi` takes from that
module. The build fails if a module has no such line.
"""

import ast
import re
from pathlib import Path

from mkdocs.exceptions import PluginError

MARKER = re.compile(r"^<!-- names: (\w+) -->$", re.MULTILINE)


def on_page_markdown(markdown, page, config, **_):
    """Replace the markers of the page that has them."""
    shown = MARKER.findall(markdown)
    if not shown:
        return markdown
    stub = Path(config["config_file_path"]).parent / "neuralstack" / "__init__.pyi"
    imports = [node for node in ast.parse(stub.read_text()).body if isinstance(node, ast.ImportFrom)]
    names = {node.module: [alias.name for alias in node.names] for node in imports if node.module}  # not the packages
    if sorted(shown) != sorted(names):
        raise PluginError(f"{page.file.src_uri} shows the names of {shown}; those of {list(names)} are public.")
    return MARKER.sub(lambda found: "\n\n".join(f"::: neuralstack.{name}" for name in names[found[1]]), markdown)
