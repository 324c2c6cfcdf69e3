"""Turn the TeX of the documentation into MathML at build time, so that no script has to be loaded to show it."""

import html
import re

from latex2mathml.converter import convert

# What pymdownx.arithmatex leaves in the page for $...$ and $$...$$.
INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.DOTALL)


def on_page_content(content, **_):
    """Replace every formula of a rendered page."""
    content = INLINE.sub(lambda found: convert(html.unescape(found[1])), content)
    return BLOCK.sub(
        lambda found: f'<div class="formula">{convert(html.unescape(found[1]), display="block")}</div>', content
    )
