"""The sides of a comparison as processes that take a turn when they are asked to."""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


class Side:
    """A process that prints a line of JSON for every line it reads."""

    def __init__(self, name, command, environment=None):
        self.name, self.about = name, {}
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "OMP_", "GOMP_", "DNNL_"))}
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**clean, **(environment or {})})

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("%s: ended with exit status %s" % (self.name, self.process.wait()))
        return json.loads(line)

    def ask(self, request):
        try:
            self.process.stdin.write("%s\n" % request)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: reading says how
        return self.read()

    def close(self):
        """The end of its input is the end of the process."""
        self.process.communicate()


def thread_limits(threads):
    """For every library that may start threads of its own: torch.set_num_threads does not reach all of them."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS")
    return {name: str(threads) for name in names}


class Opponent(Side):
    """`arguments` of worker.py, --threads among them."""

    def __init__(self, name, arguments, environment):
        threads = arguments[list(arguments).index("--threads") + 1]
        super().__init__(name, [sys.executable, HERE / "worker.py", *arguments],
                         {**thread_limits(threads), **environment})
        self.about = self.read()

    def turn(self, seconds):
        return self.ask("%g" % seconds)


class Engine(Side):
    """Our own benchmark program."""

    def __init__(self, program, threads, batch, static_features):
        super().__init__("engine", [program, "--threads", threads, "--batch", batch, "--static-features",
                                    static_features, "--json", "--on-request"])
        first = self.ask(3)
        self.latency_us = first["latency_us_median"]
        self.about = {key: first[key] for key in ("kernels", "operations_per_sample", "check")}

    def turn(self, seconds):
        result = self.ask(max(3, round(seconds / (1e-6 * self.latency_us))))
        self.latency_us = result["latency_us_median"]
        return result
