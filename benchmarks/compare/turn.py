"""A turn: one side runs for a few seconds, in rounds of about 25 ms, as our own benchmarks do.

A round counts if the side had its cores. That is so if its processor time is at least 95 % of the wall time of
its threads. A side may also leave a core idle of its own accord (PyTorch between two operations does), so a
round counts as well if its threads waited for a core less than 5 % of that time; the kernel keeps this number.
"""

import glob
import math
import time

ROUND_SECONDS, WARM_UP_SECONDS = 0.025, 0.2
LEAST_SHARE = 0.95


def waiting_seconds():
    """Time that threads of this process could have run and were given no core for, so far. Not a number where
    the kernel does not keep it."""
    paths = glob.glob("/proc/self/task/*/schedstat")
    total = 0 if paths else math.nan
    for path in paths:
        try:
            with open(path) as file:
                total += int(file.read().split()[1])
        except OSError:  # a thread that has just ended
            continue
    return total * 1e-9


def quantile(values, share):
    """Between two neighbours by linear interpolation."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def median(values):
    return quantile(values, 0.5)


def time_round(run, steps, threads):
    waiting, cpu, wall = waiting_seconds(), time.process_time(), time.perf_counter()
    latencies = run(steps)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    waiting = waiting_seconds() - waiting
    return {"latencies": latencies, "cpu_over_wall": cpu / wall, "cpu_a_step": cpu / steps,
            "waiting_share": waiting / (wall * threads)}


def had_its_cores(found, threads):
    return found["cpu_over_wall"] >= LEAST_SHARE * threads or found["waiting_share"] <= 1 - LEAST_SHARE


def summarise(rounds, threads, samples_a_step):
    """Like our benchmarks: disturbed rounds are left out, unless they are more than half."""
    quiet = [r for r in rounds if had_its_cores(r, threads)]
    disturbed = 2 * len(quiet) < len(rounds)
    counted = rounds if disturbed else quiet
    latencies = [seconds for r in counted for seconds in r["latencies"]]
    return {
        "samples_per_s": samples_a_step / median(latencies),
        "samples_per_s_best": samples_a_step / min(latencies),
        "latency_us_median": 1e6 * median(latencies),
        "latency_us_p99": 1e6 * quantile(latencies, 0.99),
        "steps": len(latencies),
        "cpu_over_wall": median([r["cpu_over_wall"] for r in counted]),
        "cpu_us_per_step": 1e6 * median([r["cpu_a_step"] for r in counted]),
        "waiting_share": median([r["waiting_share"] for r in counted]),
        "rounds": len(rounds),
        "rounds_discarded": len(rounds) - len(counted),
        "disturbed": disturbed,
    }


def take_turn(run, seconds, threads, samples_a_step):
    """`run(n)` makes n steps and returns the seconds of each."""
    begin, latencies = time.perf_counter(), []
    while len(latencies) < 3 or time.perf_counter() - begin < WARM_UP_SECONDS:
        latencies += run(1)
    steps = max(1, int(ROUND_SECONDS / median(latencies)))
    rounds, begin = [], time.perf_counter()
    while not rounds or time.perf_counter() - begin < seconds:
        rounds.append(time_round(run, steps, threads))
    return summarise(rounds, threads, samples_a_step)


def timed(step):
    """`step()` as a function that makes many steps and returns the seconds of each."""
    def run(count):
        seconds = []
        for _ in range(count):
            begin = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - begin)
        return seconds

    return run
