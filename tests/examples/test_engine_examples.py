"""The engine's examples learn what there is to learn in the data that they make themselves, and say the same twice:
test_engine_examples.py SEQUENCE_CLASSIFIER TABULAR_CLASSIFIER"""

import re
import subprocess
import sys


def last_figure(program):
    out = subprocess.run([program], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    print(out)
    return float(re.findall(r"accuracy ([0-9.]+)", out)[-1]), out


def main(programs):
    for program, least in zip(programs, (0.85, 0.85)):
        accuracy, out = last_figure(program)
        if accuracy < least:
            sys.exit("%s: accuracy %.4f, expected at least %.2f" % (program, accuracy, least))
        if last_figure(program)[1] != out:
            sys.exit("%s: two runs said different things" % program)


main(sys.argv[1:])
