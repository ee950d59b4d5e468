"""Numbers that sum up the rounds of a workload. A round is {side: turn}; a turn is what worker.py or our own
benchmarks print."""

from turn import quantile


def spread(values):
    values = list(values)
    if not values:
        return None
    return {"median": quantile(values, 0.5), "quartiles": [quantile(values, 0.25), quantile(values, 0.75)],
            "least": min(values), "most": max(values), "count": len(values)}


def sound(turn):
    return turn is not None and not turn["disturbed"]


def trusted_rounds(rounds, *sides):
    """The rounds in which these sides were undisturbed; all of them and False if there are none."""
    kept = [r for r in rounds if all(sound(r.get(s)) for s in sides)]
    return (kept, True) if kept else ([r for r in rounds if all(r.get(s) for s in sides)], False)


def side_summary(rounds, side):
    kept, trusted = trusted_rounds(rounds, side)
    turns = [r[side] for r in kept]
    return {
        "trusted": trusted,
        "turns": len(rounds),
        "turns_discarded": sum(not sound(r.get(side)) for r in rounds),
        "cpu_over_wall": spread(t["cpu_over_wall"] for t in turns),
        "samples_per_s": spread(t["samples_per_s"] for t in turns),
        "latency_us_median": spread(t["latency_us_median"] for t in turns),
        "latency_us_p99": spread(t["latency_us_p99"] for t in turns),
    }


def ratio(rounds, side, other):
    """How many times as fast `side` is as `other`, each pair of turns from the same round."""
    kept, trusted = trusted_rounds(rounds, side, other)
    result = spread(r[side]["samples_per_s"] / r[other]["samples_per_s"] for r in kept)
    return result and {**result, "trusted": trusted}


def ratio_by_cpu_time(rounds, side, other):
    """The same by the processor time of a step, for one thread: what to go by on a busy machine. Threads that
    wait for each other in a loop use processor time, too, so it says nothing for several threads."""
    return spread(r[other]["cpu_us_per_step"] / r[side]["cpu_us_per_step"] for r in rounds)


def ceiling(rounds, engine, product, product_operations):
    """The larger of OpenBLAS's product and our own, and the share of it that the engine reaches."""
    kept, trusted = trusted_rounds(rounds, engine, product)
    openblas = [1e-9 * product_operations * r[product]["samples_per_s"] for r in kept]
    own = [r[engine]["ceiling_gflops"] for r in kept]
    larger = [max(pair) for pair in zip(openblas, own)]
    multiply_adds = [r[engine]["fma_gflops"] for r in kept if r[engine]["fma_gflops"]]
    return {
        "trusted": trusted,
        "openblas_gflops": spread(openblas),
        "own_product_gflops": spread(own),
        "multiply_add_gflops": spread(multiply_adds),
        "gflops": spread(r[engine]["gflops"] for r in kept),
        "share": spread(r[engine]["gflops"] / limit for r, limit in zip(kept, larger)),
    }


def own_ceiling(rounds, engine):
    """The same where there is no OpenBLAS."""
    kept, trusted = trusted_rounds(rounds, engine)
    return {"trusted": trusted, "own_product_gflops": spread(r[engine]["ceiling_gflops"] for r in kept),
            "gflops": spread(r[engine]["gflops"] for r in kept),
            "share": spread(r[engine]["gflops"] / r[engine]["ceiling_gflops"] for r in kept)}
