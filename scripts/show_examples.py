#!/usr/bin/env python3
"""Puts the examples into docs/embedding.md, whole: every code block behind a line `<!-- examples/… -->` becomes the
text of that file.

    scripts/show_examples.py           writes the document
    scripts/show_examples.py --check   exit status 1 if it would change
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = os.path.join(ROOT, "docs", "embedding.md")
LANGUAGES = {".c": "c", ".cpp": "cpp", ".py": "python", ".txt": "cmake", ".build": "meson"}


def read(file):
    with open(os.path.join(ROOT, file), encoding="utf-8") as text:
        return text.read()


def block(match):
    file = match.group(1)
    language = LANGUAGES.get(os.path.splitext(file)[1], "")
    return "<!-- %s -->\n```%s\n%s```\n" % (file, language, read(file))


def main(arguments):
    if arguments not in ([], ["--check"]):
        sys.exit(__doc__)
    before = read(DOCUMENT)
    after = re.sub(r"<!-- (examples/\S+) -->\n```.*?\n```\n", block, before, flags=re.S)
    shown = set(re.findall(r"<!-- (examples/\S+) -->\n```", after))
    there = {os.path.relpath(os.path.join(folder, name), ROOT)
             for folder, folders, names in os.walk(os.path.join(ROOT, "examples")) for name in names
             if "__pycache__" not in folder}
    if there != shown:
        sys.exit("docs/embedding.md does not show %s" % ", ".join(sorted(there ^ shown)))
    if after == before:
        return
    if arguments:
        sys.exit("docs/embedding.md shows examples that have changed: run scripts/show_examples.py")
    with open(DOCUMENT, "w", encoding="utf-8") as out:
        out.write(after)


if __name__ == "__main__":
    main(sys.argv[1:])
