"""The comparison as text for people."""

TITLES = {"engine": "Deepmine Sentinel", "pytorch": "PyTorch, its own LSTM",
          "pytorch_onednn": "PyTorch, LSTM and attention by oneDNN", "onnxruntime": "ONNX Runtime"}


def number(value, digits=0):
    return "{:,.{}f}".format(value, digits)


def quartiles(values, digits=0):
    return "%s (%s–%s)" % (number(values["median"], digits), *(number(q, digits) for q in values["quartiles"]))


def ratio_text(ratio, by_cpu_time):
    text = "%.2f (%.2f–%.2f; %.2f–%.2f)" % (ratio["median"], *ratio["quartiles"], ratio["least"], ratio["most"])
    if by_cpu_time:
        text += " %5.2f by CPU time" % by_cpu_time["median"]
    if ratio["median"] < 1:
        text += "  WE ARE SLOWER"
    if not ratio["trusted"]:
        text += "  DISTURBED"
    return text


def side_line(name, side, ratio, by_cpu_time):
    p99 = side["latency_us_p99"]["median"]
    line = "  %-38s %-26s %-26s %9s  %4.2f  %2d of %2d   %s" % (
        TITLES[name], quartiles(side["samples_per_s"]), quartiles(side["latency_us_median"]), number(p99),
        side["cpu_over_wall"]["median"], side["turns"] - side["turns_discarded"], side["turns"],
        ratio_text(ratio, by_cpu_time) if ratio else "" if side["trusted"] else "DISTURBED")
    return line.rstrip()


def ceiling_lines(ceiling):
    parts = []
    for key, title in (("openblas_gflops", "OpenBLAS's product"), ("own_product_gflops", "our largest product"),
                       ("multiply_add_gflops", "multiply-adds alone")):
        if ceiling.get(key):
            parts.append("%s %.1f" % (title, ceiling[key]["median"]))
    share = ceiling["share"]
    lines = ["  ceiling, GFLOP/s: " + ", ".join(parts),
             "  we reach %.1f GFLOP/s: %.1f %% (%.1f–%.1f) of the larger product" %
             (ceiling["gflops"]["median"], 100 * share["median"], *(100 * q for q in share["quartiles"]))]
    if not ceiling["trusted"]:
        lines[-1] += "  DISTURBED"
    return lines


def workload_text(result):
    lines = ["%s, batch %d, threads %d" % (result["workload"], result["batch"], result["threads"]),
             "  %-38s %-26s %-26s %9s  %4s  %8s   %s" %
             ("", "samples/s (quartiles)", "µs a step (quartiles)", "99 %", "CPU", "turns",
              "we are … times as fast (quartiles; least–most)")]
    lines += [side_line(name, side, result["ratios"].get(name), result["ratios_by_cpu_time"].get(name))
              for name, side in result["sides"].items() if name in TITLES]
    lines += ["  %-38s MISSING, not compared" % TITLES[name] for name in result["missing"]]
    return "\n".join(lines + ceiling_lines(result["ceiling"])) + "\n"


def legend():
    return ("CPU: processor time over wall time. Turns: undisturbed ones of all; the others are left out. DISTURBED: "
            "no turn was undisturbed,\nall count, and the figures are not to be trusted. Ratios are taken round by "
            "round, between turns a few seconds apart.\n")
