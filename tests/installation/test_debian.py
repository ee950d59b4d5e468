#!/usr/bin/env python3
"""The Debian recipe fits what is installed: every file of files.txt goes into one package, every line of a package
takes something, and names and versions are those of the build files. Building the packages takes minutes:
dpkg-buildpackage -us -uc -b."""

import fnmatch
import os
import re
import sys
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True


def lines(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as text:
        return [line.rstrip("\n") for line in text if line.strip()]


def installed_files():
    """As they lie below debian/tmp."""
    return ["usr/" + re.sub(r"^LIB/", "lib/x86_64-linux-gnu/", line) for line in lines("tests", "installation", "files.txt")]


def claims(pattern, file):
    """As dh_install reads it: a file, or a folder with all that it holds; a star ends at a slash."""
    parts, of_file = pattern.split("/"), file.split("/")
    return len(parts) <= len(of_file) and all(map(fnmatch.fnmatchcase, of_file, parts))


class Recipe(unittest.TestCase):
    def setUp(self):
        self.packages = {name[:-len(".install")]: lines("debian", name)
                         for name in os.listdir(os.path.join(SOURCE, "debian")) if name.endswith(".install")}

    def test_every_file_goes_into_one_package(self):
        for file in installed_files():
            takers = [package for package, patterns in self.packages.items()
                      if any(claims(pattern, file) for pattern in patterns)]
            self.assertEqual(len(takers), 1, "%s goes into %s" % (file, takers or "no package"))

    def test_every_line_takes_something(self):
        for package, patterns in self.packages.items():
            for pattern in patterns:
                self.assertTrue(any(claims(pattern, file) for file in installed_files()),
                                "%s.install: nothing is installed as %s" % (package, pattern))

    def test_the_packages_are_those_of_the_control_file(self):
        described = [line.split()[1] for line in lines("debian", "control") if line.startswith("Package:")]
        self.assertEqual(sorted(described), sorted(self.packages))

    def test_the_symbols_are_those_of_the_library(self):
        exported = [line.split()[1] for line in lines("tests", "library", "abi.txt") if line.startswith("function ")]
        listed = [line.split("@")[0].strip() for line in lines("debian", "libdeepmine0.symbols") if line[0] == " "]
        self.assertEqual([name for name in listed if name.startswith("dm_")], exported)

    def test_versions(self):
        build = "\n".join(lines("meson.build"))
        version = re.search(r"^  version: '([^']+)'", build, re.M).group(1)
        self.assertTrue(lines("debian", "changelog")[0].startswith("deepmine (%s)" % version))
        abi = re.search(r"^deepmine_abi = '(\d+)\.", "\n".join(lines("library", "meson.build")), re.M).group(1)
        self.assertIn("libdeepmine" + abi, self.packages)


if __name__ == "__main__":
    unittest.main()
