"""The comparison with other libraries, as far as it can be tested without them: its files can be compiled, and its
arithmetic is right. `python3 -B test_compare.py`"""

import pathlib
import sys
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "benchmarks" / "compare"
sys.path.insert(0, str(FOLDER))

import openblas  # noqa: E402
import report  # noqa: E402
import sides  # noqa: E402
import summary  # noqa: E402
import turn  # noqa: E402


def a_turn(speed, disturbed=False, **more):
    return {"samples_per_s": speed, "latency_us_median": 1e6 / speed, "latency_us_p99": 2e6 / speed,
            "cpu_us_per_step": 1e6 / speed, "cpu_over_wall": 1.0, "disturbed": disturbed, **more}


class Files(unittest.TestCase):
    def test_all_compile(self):
        files = sorted(FOLDER.glob("*.py"))
        self.assertGreater(len(files), 10)
        for file in files:
            compile(file.read_text(), str(file), "exec")


class Turns(unittest.TestCase):
    def test_quantile(self):
        self.assertEqual(turn.quantile([4, 1, 3, 2], 0.5), 2.5)
        self.assertEqual(turn.quantile([4, 1, 3, 2], 0), 1)
        self.assertEqual(turn.quantile([4, 1, 3, 2], 1), 4)
        self.assertEqual(turn.quantile([7], 0.99), 7)

    def test_a_round_needs_its_cores_or_idles_by_itself(self):
        self.assertTrue(turn.had_its_cores({"cpu_over_wall": 1.91, "waiting_share": 0.2}, 2))
        self.assertTrue(turn.had_its_cores({"cpu_over_wall": 1.1, "waiting_share": 0.01}, 2))
        self.assertFalse(turn.had_its_cores({"cpu_over_wall": 1.1, "waiting_share": 0.2}, 2))
        self.assertFalse(turn.had_its_cores({"cpu_over_wall": 1.1, "waiting_share": float("nan")}, 2))

    def test_disturbed_rounds_are_left_out(self):
        quiet = {"latencies": [0.01, 0.01], "cpu_over_wall": 1.0, "cpu_a_step": 0.01, "waiting_share": 0}
        slow = {"latencies": [0.05, 0.05], "cpu_over_wall": 0.4, "cpu_a_step": 0.01, "waiting_share": 0.6}
        found = turn.summarise([quiet, slow, quiet], 1, 32)
        self.assertAlmostEqual(found["samples_per_s"], 3200)
        self.assertEqual((found["rounds"], found["rounds_discarded"], found["disturbed"]), (3, 1, False))
        found = turn.summarise([quiet, slow, slow], 1, 32)
        self.assertEqual((found["steps"], found["rounds_discarded"], found["disturbed"]), (6, 0, True))

    def test_a_turn_takes_its_time(self):
        steps = []

        def run(count):
            steps.append(count)
            return turn.timed(lambda: sum(range(100)))(count)

        found = turn.take_turn(run, 0.1, 1, 8)
        self.assertGreater(found["samples_per_s"], 0)
        self.assertGreater(sum(steps), found["steps"])  # the warm-up does not count
        self.assertGreaterEqual(found["latency_us_p99"], found["latency_us_median"])


class Summaries(unittest.TestCase):
    def test_ratios_are_taken_round_by_round(self):
        rounds = [{"engine": a_turn(30), "other": a_turn(10)}, {"engine": a_turn(10), "other": a_turn(5)},
                  {"engine": a_turn(8), "other": a_turn(2)}]
        found = summary.ratio(rounds, "engine", "other")
        self.assertEqual((found["median"], found["least"], found["most"]), (3, 2, 4))
        self.assertEqual(found["quartiles"], [2.5, 3.5])
        self.assertTrue(found["trusted"])
        self.assertAlmostEqual(summary.ratio_by_cpu_time(rounds, "engine", "other")["median"], 3)

    def test_disturbed_turns_are_left_out_and_counted(self):
        rounds = [{"engine": a_turn(30), "other": a_turn(10)}, {"engine": a_turn(1, True), "other": a_turn(5)},
                  {"engine": a_turn(8), "other": a_turn(1, True)}]
        self.assertEqual(summary.ratio(rounds, "engine", "other")["count"], 1)
        found = summary.side_summary(rounds, "engine")
        self.assertEqual((found["turns"], found["turns_discarded"]), (3, 1))
        self.assertEqual(found["samples_per_s"]["median"], 19)

    def test_nothing_undisturbed_is_said(self):
        rounds = [{"engine": a_turn(30, True), "other": a_turn(60)}]
        found = summary.ratio(rounds, "engine", "other")
        self.assertFalse(found["trusted"])
        self.assertIn("DISTURBED", report.ratio_text(found, None))
        self.assertIn("WE ARE SLOWER", report.ratio_text(found, None))

    def test_the_larger_product_is_the_ceiling(self):
        def engine(gflops, own):
            return a_turn(1, gflops=gflops, ceiling_gflops=own, fma_gflops=None)

        rounds = [{"engine": engine(50, 80), "product": a_turn(100)}, {"engine": engine(50, 200), "product": a_turn(100)}]
        found = summary.ceiling(rounds, "engine", "product", 1e9)
        self.assertEqual((found["share"]["most"], found["share"]["least"]), (0.5, 0.25))
        self.assertIsNone(found["multiply_add_gflops"])
        self.assertIn("37.5 %", "\n".join(report.ceiling_lines(found)))


class Sides(unittest.TestCase):
    def test_a_side_answers_every_line(self):
        program = "import sys\nfor line in sys.stdin: print('{\"twice\": %d}' % (2 * int(line)), flush=True)"
        side = sides.Side("echo", [sys.executable, "-c", program])
        self.assertEqual([side.ask(n)["twice"] for n in (3, 5)], [6, 10])
        side.close()
        self.assertEqual(side.process.returncode, 0)

    def test_a_side_that_ends_is_an_error(self):
        side = sides.Side("short", [sys.executable, "-c", "import sys; sys.exit(3)"])
        with self.assertRaisesRegex(RuntimeError, "short: ended with exit status 3"):
            side.read()
        side.close()

    def test_kernels_go_into_the_environment(self):
        found = openblas.environment("/usr/lib/x/openblas-pthread/libopenblas.so.0", "Haswell")
        self.assertEqual(found["OPENBLAS_CORETYPE"], "Haswell")
        self.assertTrue(found["LD_LIBRARY_PATH"].startswith("/usr/lib/x/openblas-pthread"))
        self.assertNotIn("OPENBLAS_CORETYPE", openblas.environment("/x/libopenblas.so.0", openblas.AUTOMATIC))


if __name__ == "__main__":
    unittest.main()
