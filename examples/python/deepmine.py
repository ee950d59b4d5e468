"""Deepmine Sentinel for Python: ctypes over libdeepmine, nothing to compile, nothing to install besides.

    import deepmine

    with deepmine.Service("models") as service:
        for answer in service.predict(cases, as_of="2024-03-30"):
            if answer["current_stability"]["stable"] is not True:
                print(answer["stope_name"], answer["status"], answer["reasons"])

A case is a dictionary:

    {"stope_name": "Stope_007",
     "statics": {"rqd": 75.5, "hr": 8.1, "depth": 620, "dip": 60, "direction": "North", "undercut_wdt": 6,
                 "rock_type": "Granite", "support_type": "Rock Bolts", "support_density": 0.6,
                 "support_installed": True},
     "readings": {"timestamp": [...], "vibration_velocity": [...], "deformation_rate": [...], "stress": [...],
                  "temperature": [...], "humidity": [...]}}

Readings are columns in order of time. Times are text (`2024-03-30`, or with `T12:30:00` behind it),
datetime.date or datetime.datetime without a time zone, or a numpy array of datetime64; values are numbers, None
or NaN for a missing one. Numpy arrays of float64 are passed without a copy; numpy itself is not needed. An answer
is the dictionary of `deepmine predict --json`: what is not known is None, and None is not stable.

Any number of threads may use one Service. ctypes lets other threads of Python run during a call. A process that
is forked while another thread uses the library, or after a call with threads > 1, must not use it in the child.

The library is found through the environment variable DEEPMINE_LIBRARY (a file), else by the system's loader.
"""

import ctypes
import ctypes.util
import json
import math
import os

ABI_VERSION = 0
SENSORS = ("vibration_velocity", "deformation_rate", "stress", "temperature", "humidity")
NUMBERS = ("rqd", "hr", "depth", "dip", "undercut_wdt", "support_density", "support_installed")
CATEGORIES = ("direction", "rock_type", "support_type")
STATES = ("ready", "degraded", "rules_only", "unavailable")

_STATUS = ("ok", "failure", "usage", "data_invalid", "model_missing", "model_damaged", "out_of_memory")
_text = ctypes.c_char_p
_numbers_pointer = ctypes.POINTER(ctypes.c_double)


class DeepmineError(Exception):
    """A failed call; `status` is one word of failure, usage, data_invalid, model_missing, model_damaged,
    out_of_memory."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = _STATUS[status] if 0 <= status < len(_STATUS) else "failure"


class _Sized(ctypes.Structure):
    """A structure of deepmine.h that begins with its size."""

    def __init__(self, **members):
        super().__init__(size=ctypes.sizeof(type(self)), **members)


class _Error(_Sized):
    _fields_ = [("size", ctypes.c_size_t), ("status", ctypes.c_int32), ("message", ctypes.c_char * 1012)]


class _Options(_Sized):
    _fields_ = [("size", ctypes.c_size_t), ("refresh_milliseconds", ctypes.c_int32),
                ("rules_may_answer", ctypes.c_int32), ("site_file", _text)]


class _Model(_Sized):
    _fields_ = [("size", ctypes.c_size_t), ("state", ctypes.c_int32), ("test_cases", ctypes.c_int32),
                ("version", ctypes.c_uint64), ("id", ctypes.c_char * 40), ("trained_at", ctypes.c_char * 32)]


class _Number(ctypes.Structure):
    _fields_ = [("name", _text), ("value", ctypes.c_double)]


class _Category(ctypes.Structure):
    _fields_ = [("name", _text), ("value", _text)]


class _Series(ctypes.Structure):
    _fields_ = [("name", _text), ("values", _numbers_pointer)]


class _Case(_Sized):
    _fields_ = [("size", ctypes.c_size_t), ("stope_name", _text),
                ("numbers", ctypes.POINTER(_Number)), ("number_count", ctypes.c_size_t),
                ("categories", ctypes.POINTER(_Category)), ("category_count", ctypes.c_size_t),
                ("reading_count", ctypes.c_size_t), ("timestamps", ctypes.POINTER(_text)),
                ("microseconds", ctypes.POINTER(ctypes.c_int64)),
                ("series", ctypes.POINTER(_Series)), ("series_count", ctypes.c_size_t)]


class _Request(_Sized):
    _fields_ = [("size", ctypes.c_size_t), ("as_of", _text), ("today", _text), ("timestamp", _text),
                ("threshold", ctypes.c_double), ("coverage", ctypes.c_double),
                ("sample_seed", ctypes.c_uint64), ("samples", ctypes.c_int32),
                ("attributions", ctypes.c_int32)]


def _load():
    """The library, its functions declared."""
    name = os.environ.get("DEEPMINE_LIBRARY") or "libdeepmine.so.%d" % ABI_VERSION
    try:
        library = ctypes.CDLL(name)
    except OSError:
        found = ctypes.util.find_library("deepmine")
        if found is None or "DEEPMINE_LIBRARY" in os.environ:
            raise
        library = ctypes.CDLL(found)
    pointer, error = ctypes.c_void_p, ctypes.POINTER(_Error)
    text_out = ctypes.POINTER(ctypes.c_void_p)
    for function, result, arguments in (
            ("dm_abi_version", ctypes.c_int32, []),
            ("dm_version", _text, []),
            ("dm_open", ctypes.c_int32, [_text, ctypes.POINTER(_Options), ctypes.POINTER(pointer), error]),
            ("dm_close", None, [pointer]),
            ("dm_current_model", ctypes.c_int32, [pointer, ctypes.POINTER(_Model), error]),
            ("dm_refresh", ctypes.c_int32, [pointer, ctypes.POINTER(_Model), error]),
            ("dm_model_json", ctypes.c_int32, [pointer, text_out, error]),
            ("dm_check_health", ctypes.c_int32, [pointer, pointer, text_out, error]),
            ("dm_predict", ctypes.c_int32, [pointer, ctypes.POINTER(_Case), ctypes.c_size_t,
                                            ctypes.POINTER(_Request), ctypes.c_int32,
                                            ctypes.POINTER(pointer), error]),
            ("dm_answers_json", ctypes.c_int32, [pointer, text_out, error]),
            ("dm_free_answers", None, [pointer]),
            ("dm_free_text", None, [pointer])):
        getattr(library, function).restype = result
        getattr(library, function).argtypes = arguments
    if library.dm_abi_version() != ABI_VERSION:
        raise ImportError("%s has the ABI version %d, expected %d" % (name, library.dm_abi_version(), ABI_VERSION))
    return library


_library = _load()
version = _library.dm_version().decode()


def _call(function, *arguments):
    error = _Error()
    status = function(*arguments, ctypes.byref(error))
    if status != 0:
        raise DeepmineError(status, error.message.decode("utf-8", "replace"))


def _json(function, *arguments):
    """The JSON text that a function makes, as a value."""
    text = ctypes.c_void_p()
    _call(function, *arguments, ctypes.byref(text))
    try:
        return json.loads(ctypes.string_at(text.value).decode("utf-8"))
    finally:
        _library.dm_free_text(text)


def _without_nul(encoded):
    if b"\0" in encoded:
        raise ValueError("a text has a NUL character, where C would take it to end: %r" % (encoded,))
    return encoded


def _encoded(text):
    return None if text is None else _without_nul(str(text).encode("utf-8", "surrogateescape"))


def _path(path):
    return None if path is None else _without_nul(os.fsencode(path))


def _or_default(number):
    """None is the default, which is 0 in C; a 0 of the caller's is a mistake that the library is to find."""
    return 0.0 if number is None else (number or math.nan)


def _integer(name, value, lowest=-2 ** 31, highest=2 ** 31 - 1):
    """ctypes would take the lowest bits of a number that is too large."""
    if not lowest <= value <= highest:
        raise ValueError("%s is %r, expected a number from %d to %d" % (name, value, lowest, highest))
    return value


def _time_text(time):
    """A time as deepmine.h takes it."""
    if isinstance(time, str):
        return _encoded(time)
    if getattr(time, "tzinfo", None) is not None:
        raise ValueError("%r has a time zone; times are local mine time" % (time,))
    if hasattr(time, "isoformat"):
        return time.isoformat().encode()
    raise TypeError("expected text, a date or a datetime for a time, found %r" % (time,))


def _column(values, count, name):
    """A column of numbers as a C array, and what must be kept alive for it."""
    if len(values) != count:
        raise ValueError("%s has %d values, the timestamps are %d" % (name, len(values), count))
    if getattr(values, "ndim", 1) != 1:
        raise ValueError("%s has %d dimensions, expected one column" % (name, values.ndim))
    if getattr(values, "dtype", None) == "float64" and values.flags["C_CONTIGUOUS"]:
        return values.ctypes.data_as(_numbers_pointer), values
    array = (ctypes.c_double * count)(*(math.nan if value is None else value for value in values))
    return ctypes.cast(array, _numbers_pointer), array


class _Cases:
    """Cases as an array of structures; keeps everything alive that it points to."""

    def __init__(self, cases):
        self._kept = []
        self.array = (_Case * len(cases))()
        for target, case in zip(self.array, cases):
            self._fill(target, case)

    def _fill(self, target, case):
        target.size = ctypes.sizeof(_Case)
        target.stope_name = _encoded(case["stope_name"])
        statics, readings = case["statics"], case["readings"]
        numbers = [(name, statics[name]) for name in NUMBERS if statics.get(name) is not None]
        words = [(name, statics[name]) for name in CATEGORIES if statics.get(name) is not None]
        target.numbers = self._keep((_Number * len(numbers))(*((n.encode(), float(v)) for n, v in numbers)))
        target.number_count = len(numbers)
        target.categories = self._keep((_Category * len(words))(*((n.encode(), _encoded(v)) for n, v in words)))
        target.category_count = len(words)
        count = len(readings["timestamp"]) if readings else 0
        target.reading_count = count
        if count == 0:
            return
        self._fill_times(target, readings["timestamp"], count)
        series = []
        for sensor in SENSORS:
            column, kept = _column(readings[sensor], count, sensor)
            self._kept.append(kept)
            series.append((sensor.encode(), column))
        target.series = self._keep((_Series * len(series))(*series))
        target.series_count = len(series)

    def _fill_times(self, target, times, count):
        if str(getattr(times, "dtype", "")).startswith("datetime64"):
            if times.ndim != 1:
                raise ValueError("timestamp has %d dimensions, expected one column" % times.ndim)
            whole = times.astype("datetime64[us]").astype("int64")  # NaT is the smallest number: no time
            self._kept.append(whole)
            target.microseconds = whole.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
        else:
            target.timestamps = self._keep((_text * count)(*map(_time_text, times)))

    def _keep(self, array):
        self._kept.append(array)
        return array


class Service:
    """Answers from a store of models. Close it, or use it in a `with`."""

    def __init__(self, store, refresh_milliseconds=1000, rules_may_answer=True, site_file=None):
        self._service = ctypes.c_void_p()
        options = _Options(refresh_milliseconds=_integer("refresh_milliseconds", refresh_milliseconds),
                           rules_may_answer=bool(rules_may_answer),
                           site_file=_path(site_file))
        _call(_library.dm_open, _path(store), ctypes.byref(options), ctypes.byref(self._service))

    def close(self):
        service, self._service = self._service, ctypes.c_void_p()
        _library.dm_close(service)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __del__(self):
        if getattr(self, "_service", None):
            self.close()

    def _model(self, function):
        model = _Model()
        _call(function, self._service, ctypes.byref(model))
        return {"state": STATES[model.state] if 0 <= model.state < len(STATES) else "unavailable",
                "id": model.id.decode() or None, "version": model.version or None,
                "trained_at": model.trained_at.decode() or None}

    def model(self):
        """Which model answers: state, id, version, trained_at."""
        return self._model(_library.dm_current_model)

    def refresh(self):
        """Looks for another version now; the same as model() otherwise."""
        return self._model(_library.dm_refresh)

    def metadata(self):
        """When, from which data and how good the model was trained."""
        return _json(_library.dm_model_json, self._service)

    def health(self):
        """The document of `deepmine health --json`."""
        return _json(_library.dm_check_health, self._service, None)

    def predict(self, cases, as_of=None, today=None, threshold=None, timestamp=None, threads=1, coverage=None,
                samples=0, sample_seed=0, attributions=False):
        """Answers to the cases, in their order. Together they are one data set: without `as_of` the age of
        readings counts from the newest of all. `coverage`, `samples` and `attributions` are the options of
        `deepmine predict`: of the risk sets, of the uncertainty, and whether to tell what moved each answer."""
        cases = list(cases)
        given = _Cases(cases)
        request = _Request(as_of=_encoded(as_of), today=_encoded(today), timestamp=_encoded(timestamp),
                           threshold=_or_default(threshold), coverage=_or_default(coverage),
                           sample_seed=_integer("sample_seed", sample_seed, 0, 2 ** 64 - 1),
                           samples=_integer("samples", samples), attributions=bool(attributions))
        answers = ctypes.c_void_p()
        _call(_library.dm_predict, self._service, given.array, len(cases), ctypes.byref(request),
              _integer("threads", threads), ctypes.byref(answers))
        try:
            return _json(_library.dm_answers_json, answers)["predictions"]
        finally:
            _library.dm_free_answers(answers)
