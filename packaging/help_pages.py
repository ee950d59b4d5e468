#!/usr/bin/env python3
"""Makes what is installed beside the program from the program's own --help, so that it can't tell another story:

    help_pages.py man PROGRAM FOLDER VERB...   FOLDER/deepmine.1 and FOLDER/deepmine-VERB.1
    help_pages.py bash PROGRAM FILE            completion for bash
"""

import os
import re
import subprocess
import sys


class Help:
    """What --help says, taken apart. `sections`: title → its lines, without their indentation of two."""

    def __init__(self, program, words):
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
        text = subprocess.run([program, *words, "--help"], env=environment, check=True, text=True,
                              stdout=subprocess.PIPE, encoding="utf-8").stdout
        self.words = words
        self.sections, self.description, self.usage = {}, [], ""
        lines = None
        for line in text.splitlines():
            if line.startswith("Usage: "):
                self.usage = line[len("Usage: "):]
                lines = self.description
            elif re.fullmatch(r"[A-Z][A-Za-z ]*:", line):
                lines = self.sections.setdefault(line[:-1], [])
            elif lines is not None:
                lines.append(line[2:] if lines is not self.description else line)
        self.description = "\n".join(self.description).strip()

    def entries(self, title):
        """Pairs of what stands left and the text beside it, its lines joined."""
        found = []
        for line in self.sections.get(title, []):
            left, _, right = (line + "  ").partition("  ") if line.startswith(" ") is False else ("", "", line)
            if left.strip():
                found.append([left.strip(), right.strip()])
            elif found and right.strip():
                found[-1][1] = (found[-1][1] + " " + right.strip()).strip()
        return found

    def verbs(self):
        return [left.split()[0] for left, _ in self.entries("Subcommands")]

    def option_titles(self):
        """Titles of the lists of options, in order; those of every command last."""
        return [title for title in self.sections if title not in ("Examples", "Positionals", "Subcommands")]

    def options(self):
        """`--name` → whether a value follows."""
        options = {}
        for title in self.option_titles():
            for left, _ in self.entries(title):
                names, _, value = left.partition(" ")
                for name in names.split(","):
                    options[name] = bool(value)
        return options


def troff(text):
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in escaped.splitlines())


def entry_list(help_text, title):
    entries = help_text.entries(title)
    if not entries:
        return ""
    text = ".SH %s\n" % title.upper()
    for left, right in entries:
        text += ".TP\n.B %s\n%s\n" % (troff(left), troff(right))
    return text


def verbatim(title, lines):
    body = "\n".join(lines).strip("\n")
    return ".SH %s\n.nf\n%s\n.fi\n" % (title, troff(body)) if body else ""


def man_page(help_text, version, inner):
    name = "-".join(["deepmine"] + help_text.words)
    first_line, _, rest = help_text.description.partition("\n")
    page = '.TH %s 1 "" "deepmine %s" "Deepmine Sentinel"\n' % (name.upper(), version)
    page += ".SH NAME\n%s \\- %s\n" % (troff(name), troff(first_line.rstrip(".")))
    page += ".SH SYNOPSIS\n.B %s\n" % troff(help_text.usage)
    page += ".SH DESCRIPTION\n.nf\n%s\n.fi\n" % troff(help_text.description)
    titles = help_text.option_titles()
    for title in ["Positionals"] + titles[:-1] + ["Subcommands"] if help_text.words else titles + ["Subcommands"]:
        page += entry_list(help_text, title)
    for other in inner:
        page += ".SH %s\n.nf\n%s\n.fi\n" % (troff(" ".join(["deepmine"] + other.words)).upper(),
                                           troff(other.usage + "\n\n" + other.description))
        for left, right in other.entries("Positionals") + other.entries("Options"):
            page += ".TP\n.B %s\n%s\n" % (troff(left), troff(right))
    if help_text.words:
        page += entry_list(help_text, titles[-1])
    page += verbatim("EXAMPLES", help_text.sections.get("Examples", []))
    others = ["deepmine"] if help_text.words else ["deepmine-" + verb for verb in help_text.verbs()]
    page += ".SH SEE ALSO\n%s\n" % ", ".join(".BR %s (1)" % troff(o) if len(others) == 1 else troff(o) + "(1)"
                                              for o in others)
    return page


def write(file, text):
    with open(file, "w", encoding="utf-8") as out:
        out.write(text)


def make_man_pages(program, folder, verbs):
    top = Help(program, [])
    if sorted(top.verbs()) != sorted(verbs):
        sys.exit("the program has the verbs %s, the list in packaging/meson.build has %s"
                 % (", ".join(top.verbs()), ", ".join(verbs)))
    version = subprocess.run([program, "--version"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()[-1]
    write(os.path.join(folder, "deepmine.1"), man_page(top, version, []))
    for verb in verbs:
        page = Help(program, [verb])
        inner = [Help(program, [verb, name]) for name in page.verbs()]
        write(os.path.join(folder, "deepmine-%s.1" % verb), man_page(page, version, inner))


def all_helps(program):
    top = Help(program, [])
    helps = [top]
    for verb in top.verbs():
        page = Help(program, [verb])
        helps.append(page)
        helps += [Help(program, [verb, name]) for name in page.verbs()]
    return helps


BASH = """# Completion of deepmine for bash. Made from --help.
_deepmine() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb='' word words='' values=''
  local i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    [[ $word == -* ]] && continue
    case "$verb $word" in
      %(known)s) verb+=" $word" ;;
    esac
  done
  case "$verb" in
%(cases)s
  esac
  # Behind an option that takes a value: a file or folder is the best guess.
  if [[ " $values " == *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o filenames -F _deepmine deepmine
"""


def bash_completion(program):
    cases, known = "", []
    for page in all_helps(program):
        verb = "".join(" " + word for word in page.words)
        options = page.options()
        words = page.verbs() + [name for name in options if name.startswith("--")]
        values = [name for name, has_value in options.items() if has_value]
        cases += "    '%s') words='%s' values='%s' ;;\n" % (verb, " ".join(words), " ".join(values))
        if page.words:
            known.append("'%s'" % verb)
    return BASH % {"cases": cases.rstrip("\n"), "known": " | ".join(known)}


def main(arguments):
    if len(arguments) > 3 and arguments[0] == "man":
        make_man_pages(arguments[1], arguments[2], arguments[3:])
    elif len(arguments) == 3 and arguments[0] == "bash":
        write(arguments[2], bash_completion(arguments[1]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
