#!/usr/bin/env python3
"""The Python examples against a small store: the answers of the library are those of the program, whatever the
cases are given as, from several threads, too. DEEPMINE_PROGRAM and DEEPMINE_LIBRARY name what is tested."""

import datetime
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import threading
import types
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "examples", "python"))
sys.dont_write_bytecode = True

import deepmine  # noqa: E402
import prediction_service  # noqa: E402

folder = tempfile.TemporaryDirectory(prefix="deepmine-test-")
STATIC, TIMESERIES, STORE = (os.path.join(folder.name, name) for name in ("static.csv", "timeseries.csv", "m"))
KEYS_OF_THE_OLD_SERVICE = {
    "stope_name", "timestamp", "model_type", "model_version", "current_stability", "future_predictions",
    "risk_trend", "max_risk_horizon", "alert_recommended", "explanations", "recommendations"}


def run(*arguments, codes=(0,), text=None):
    done = subprocess.run([os.environ["DEEPMINE_PROGRAM"], *arguments], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, encoding="utf-8", input=text)
    if done.returncode not in codes:
        raise AssertionError("%s: exit code %d\n%s" % (arguments, done.returncode, done.stderr))
    return done.stdout


def setUpModule():
    run("simulate", "--stopes", "10", "--days", "66", "--seed", "7", "--out", folder.name)
    run("train", "--static", STATIC, "--timeseries", TIMESERIES, "--store", STORE, "--epochs", "1", "--gate", "off",
        "--quiet")


def tearDownModule():
    folder.cleanup()


def without_time(answer):
    return {key: value for key, value in answer.items() if key != "timestamp"}


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cases = prediction_service.read_cases(STATIC, TIMESERIES)
        document = json.loads(run("predict", "--static", STATIC, "--timeseries", TIMESERIES, "--store", STORE,
                                  "--json", codes=(0, 5)))
        cls.expected = [without_time(answer) for answer in document["predictions"]]
        cls.service = deepmine.Service(STORE)

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def answers(self, cases, **arguments):
        return [without_time(answer) for answer in self.service.predict(cases, **arguments)]

    def test_they_are_those_of_the_program(self):
        found = self.answers(self.cases.values())
        self.assertTrue(any(answer["method"] == "network" for answer in found))
        for answer, expected in zip(found, self.expected):
            if not any("timeseries.csv" in reason["message"] or "static.csv" in reason["message"]
                       for reason in expected["reasons"]):
                self.assertEqual(answer, expected)
        self.assertEqual([answer["stope_name"] for answer in found],
                         [answer["stope_name"] for answer in self.expected])
        self.assertEqual(self.answers(self.cases.values(), threads=2), found)

    def test_samples_coverage_and_attributions_are_those_of_the_program(self):
        document = json.loads(run("predict", "--static", STATIC, "--timeseries", TIMESERIES, "--store", STORE,
                                  "--json", "--samples", "8", "--sample-seed", "3", "--coverage", "0.6",
                                  "--attributions", codes=(0, 5)))
        found = self.answers(self.cases.values(), samples=8, sample_seed=3, coverage=0.6, attributions=True)
        compared = 0
        for answer, expected in zip(found, map(without_time, document["predictions"])):
            if answer["method"] != "network":
                continue
            compared += 1
            for key in ("current_stability", "future_predictions", "attributions"):
                self.assertEqual(answer[key], expected[key])
            self.assertEqual(answer["current_stability"]["uncertainty"]["samples"], 8)
            self.assertGreater(len(answer["attributions"]), 10)
        self.assertGreater(compared, 3)
        self.assertNotEqual(found, self.answers(self.cases.values(), samples=8, sample_seed=4, coverage=0.6,
                                                attributions=True))

    def test_times_and_columns_of_any_kind(self):
        case = next(iter(self.cases.values()))
        readings = case["readings"]
        days = [datetime.date.fromisoformat(time[:10]) for time in readings["timestamp"]]
        noon = [datetime.datetime.combine(day, datetime.time(12, 30)) for day in days]
        nan = {sensor: [math.nan if v is None else v for v in readings[sensor]] for sensor in deepmine.SENSORS}
        expected = self.answers([case])
        for times in (days, noon):
            self.assertEqual(self.answers([dict(case, readings=dict(nan, timestamp=times))]), expected)
        with self.assertRaises(ValueError):
            aware = [time.replace(tzinfo=datetime.timezone.utc) for time in noon]
            self.answers([dict(case, readings=dict(nan, timestamp=aware))])
        with self.assertRaises(ValueError):
            self.answers([dict(case, readings=dict(readings, stress=[1.0]))])

    def test_numpy_arrays(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("numpy is not there, and not needed")
        case = next(iter(self.cases.values()))
        readings = {sensor: numpy.array([math.nan if v is None else v for v in case["readings"][sensor]])
                    for sensor in deepmine.SENSORS}
        readings["timestamp"] = numpy.array([t[:10] for t in case["readings"]["timestamp"]], dtype="datetime64[D]")
        self.assertEqual(self.answers([dict(case, readings=readings)]), self.answers([case]))

    def test_an_array_by_its_interface_alone(self):
        """What numpy shows of an array, without numpy: the way that takes no copy."""
        import ctypes
        case = next(iter(self.cases.values()))
        column = [math.nan if v is None else v for v in case["readings"]["stress"]]
        memory = (ctypes.c_double * len(column))(*column)

        class Column:
            dtype, flags = "float64", {"C_CONTIGUOUS": True}
            ctypes = types.SimpleNamespace(data_as=lambda kind: __import__("ctypes").cast(memory, kind))

            def __len__(self):
                return len(column)
        self.assertEqual(self.answers([dict(case, readings=dict(case["readings"], stress=Column()))]),
                         self.answers([case]))

    def test_bad_values_reject_and_bad_calls_raise(self):
        case = next(iter(self.cases.values()))
        rejected, = self.service.predict([dict(case, statics=dict(case["statics"], rqd=250))])
        self.assertEqual(rejected["status"], "rejected")
        self.assertIsNone(rejected["current_stability"]["stable"])
        with self.assertRaises(deepmine.DeepmineError) as raised:
            self.service.predict([case, case])
        self.assertEqual(raised.exception.status, "usage")
        for arguments in ({"as_of": "yesterday"}, {"threshold": 0}, {"threshold": 1.5}, {"threads": 0},
                          {"samples": 1}, {"coverage": 0}, {"coverage": 0.999}):
            with self.assertRaises(deepmine.DeepmineError):
                self.service.predict([case], **arguments)
        for arguments in ((STORE + "\0x",), (STORE, 1000, True, STATIC + "\0x")):
            with self.assertRaises(ValueError):
                deepmine.Service(*arguments)
        # ctypes would take their lowest 32 bits: 0 samples, 1 thread.
        for arguments in ({"samples": 2 ** 32}, {"threads": 2 ** 32 + 1}, {"sample_seed": -1}, {"samples": "8"}):
            with self.assertRaises((ValueError, TypeError)):
                self.service.predict([case], **arguments)

    def test_eight_threads(self):
        expected = self.answers(self.cases.values())
        wrong = []

        def work():
            for _ in range(5):
                if self.answers(self.cases.values()) != expected:
                    wrong.append(True)
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_model_and_health(self):
        model = self.service.model()
        self.assertEqual((model["state"], model["version"]), ("ready", 1))
        self.assertEqual(self.service.metadata()["model_id"], model["id"])
        self.assertEqual(self.service.health()["state"], "healthy")
        self.assertEqual(self.service.refresh(), model)
        with deepmine.Service(os.path.join(folder.name, "none"), rules_may_answer=False) as none:
            self.assertEqual(none.model()["state"], "unavailable")
            with self.assertRaises(deepmine.DeepmineError) as raised:
                none.predict(self.cases.values())
            self.assertEqual(raised.exception.status, "model_missing")

    def test_a_program_of_any_language_gets_the_same_from_the_stream(self):
        lines = []
        for case in self.cases.values():
            rows = [dict(zip(case["readings"], row)) for row in zip(*case["readings"].values())]
            lines.append(json.dumps(dict(case, readings=rows)))
        out = run("predict", "--stream", "--store", STORE, codes=(0, 5), text="\n".join(lines) + "\n")
        found = [without_time(json.loads(line)) for line in out.splitlines()]
        for case, answer in zip(self.cases.values(), found):
            alone, = self.answers([case])
            if not any("reading " in reason["message"] for reason in alone["reasons"]):
                self.assertEqual(answer, alone)
        self.assertEqual(len(found), len(self.cases))


class Host(unittest.TestCase):
    """What ends the program around the library can't be tested inside of it."""

    def run_script(self, script):
        begin = """
import sys
sys.path.insert(0, %r)
import _ctypes, deepmine, prediction_service, resource
read = prediction_service.read_cases(%r, %r)
cases = [dict(case, stope_name="%%s %%d" %% (name, copy)) for name, case in read.items() for copy in range(25)]
service = deepmine.Service(%r)
assert sum(answer["method"] == "network" for answer in service.predict(cases)) > 64
""" % (os.path.dirname(deepmine.__file__), STATIC, TIMESERIES, STORE)
        stack = (64 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1])
        done = subprocess.run([sys.executable, "-B", "-c", begin + script], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=120,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, stack))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_threads_that_the_system_does_not_give(self):
        out = self.run_script("""
one = service.predict(cases, threads=1, timestamp="now")
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
# Room for the stacks of four threads, of the seven that were asked for.
stack = resource.getrlimit(resource.RLIMIT_STACK)[0]
resource.setrlimit(resource.RLIMIT_AS, (size + 9 * stack // 2, resource.RLIM_INFINITY))
print(service.predict(cases, threads=8, timestamp="now") == one)
""")
        self.assertEqual(out, "True\n")

    def test_a_library_that_is_closed_keeps_the_code_of_its_threads(self):
        out = self.run_script("""
service.predict(cases, threads=2)
service.close()
_ctypes.dlclose(deepmine._library._handle)
print("libdeepmine" in open("/proc/self/maps").read())
""")
        self.assertEqual(out, "True\n")


class OldService(unittest.TestCase):
    def test_the_keys_are_those_of_the_old_service(self):
        service = prediction_service.PredictionService(STORE, STATIC, TIMESERIES)
        self.assertTrue(service.is_model_trained())
        together = service.predict_all()
        self.assertEqual(list(together), service.names())
        for name in service.names():
            answer = service.predict_comprehensive_stability(name)
            self.assertEqual(set(answer) - KEYS_OF_THE_OLD_SERVICE, {"status", "reasons"})
            self.assertEqual(KEYS_OF_THE_OLD_SERVICE - set(answer), set())
            self.assertEqual(set(answer["current_stability"]),
                             {"stable", "instability_probability", "risk_level", "confidence"})
            for future in answer["future_predictions"]:
                self.assertEqual(set(future), {"horizon_days", "predicted_risk_level", "confidence",
                                               "risk_probabilities"})
            self.assertTrue(all(isinstance(text, str) for text in answer["explanations"] + answer["recommendations"]))
            # Alone, as of the newest day, a stope gets the answer that it gets among all.
            self.assertEqual(answer["current_stability"], together[name]["current_stability"])
            self.assertEqual(answer["future_predictions"], together[name]["future_predictions"])
        with self.assertRaises(KeyError):
            service.predict_comprehensive_stability("Stope of nobody")

    def test_as_a_program(self):
        script = os.path.join(SOURCE, "examples", "python", "prediction_service.py")
        done = subprocess.run([sys.executable, "-B", script, STORE, STATIC, TIMESERIES], check=True,
                              stdout=subprocess.PIPE, encoding="utf-8")
        self.assertEqual(len(done.stdout.splitlines()), 10)
        for line in done.stdout.splitlines():
            self.assertIn("current_stability", json.loads(line))


if __name__ == "__main__":
    unittest.main(verbosity=1)
