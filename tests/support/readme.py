"""README.md, whose commands tests run as they stand there.

    [script] = blocks("sh", "First client")
"""

import pathlib
import re

README = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()


def section(name):
    return re.search(rf"^## {name}\n(.*?)^## ", README, re.M | re.S)[1]


def blocks(language, name):
    """The code of this language in a section, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", section(name), re.M | re.S)
