/** @file
 * Deepmine Sentinel as a C library: is an underground stope stable now, and how risky does it become.
 *
 *     dm_error error = DM_ERROR_INIT;
 *     dm_service *service = NULL;
 *     dm_answers *answers = NULL;
 *     if (dm_open("models", NULL, &service, &error) != DM_OK ||
 *         dm_predict(service, cases, case_count, NULL, 1, &answers, &error) != DM_OK)
 *       fprintf(stderr, "%s\n", error.message);
 *     for (size_t i = 0; i < dm_answer_count(answers); ++i) use(dm_get_answer(answers, i));
 *     dm_free_answers(answers);
 *     dm_close(service);
 *
 * OWNERSHIP. What the library hands out goes back to it: dm_service to dm_close(), dm_answers to
 * dm_free_answers(), text to dm_free_text(). A dm_answer and all that it points to live as long as their
 * dm_answers, also when the service is closed. All three functions take NULL. What the caller passes in is
 * copied before the call returns. Where a call fails, its results are NULL.
 *
 * THREADS. Any number of threads may use one dm_service and one dm_answers at once; no call waits for another
 * one's prediction. Only dm_close() and dm_free_*() must come last and alone. `threads` says how many threads
 * one call may use, from 1; the answers have the same bits for any number. With 1 the library starts none for
 * the computation, and that is what is safe in a process that was forked; with more, OpenMP's threads do not
 * survive a fork(). Where the system does not give all of them, fewer are used. A model that goes into
 * service while the program runs is loaded by one thread of the service's own
 * (dm_options.refresh_milliseconds), which ends by itself.
 *
 * ERRORS. Every function that can fail returns a dm_status, and fills the caller's dm_error unless that is
 * NULL. What stands in a case decides about that case alone: its answer is `rejected` or `abstain` with
 * reasons, never a number, and the call is DM_OK. A call that makes no sense (NULL, a size of no known
 * structure, an unknown name, text that is no UTF-8) is DM_USAGE, and nothing is answered. Nothing is written
 * to stdout or stderr, no signal handler is set, no exception leaves the library, and there is no global
 * state; errno and the floating-point environment are after a call as they were, and change no answer.
 *
 * SAFETY. `stable` is DM_YES only where the network said so. DM_UNKNOWN is not stable: somebody has to look.
 *
 * VERSIONS. Every structure that may grow begins with its size, which the caller sets (DM_..._INIT): new
 * members are added at the end, and programs that were compiled against an older header go on working. A
 * structure that is larger than the library knows is accepted if the rest is zero. dm_number, dm_category and
 * dm_series never change. DM_ABI_VERSION and the soname change only where an old program would break;
 * dm_version() is that of the library at hand. Enumerations get new values at the end: treat an unknown one
 * as the worst.
 *
 * TEXT is UTF-8 and ends with NUL. A day is `YYYY-MM-DD` in local mine time. A number that is not known is
 * NaN, an integer that is not known DM_UNKNOWN, a text that is not known NULL.
 */
#ifndef DEEPMINE_H
#define DEEPMINE_H

#include <stddef.h>
#include <stdint.h>

#define DM_VERSION "0.1.0"
#define DM_ABI_VERSION 0

#if defined(__GNUC__)
#define DM_API __attribute__((visibility("default")))
#else
#define DM_API
#endif

#ifdef __cplusplus
#define DM_NOEXCEPT noexcept
extern "C" {
#else
#define DM_NOEXCEPT
#endif

/* ---- errors ------------------------------------------------------------------------------------ */

/** What became of a call. */
typedef int32_t dm_status;
enum {
  DM_OK = 0,
  DM_FAILURE = 1,       /**< something that should work did not */
  DM_USAGE = 2,         /**< the call makes no sense */
  DM_DATA_INVALID = 3,  /**< the JSON text is no case */
  DM_MODEL_MISSING = 4, /**< there is no model, and the rules may not answer */
  DM_MODEL_DAMAGED = 5, /**< no model can be used, and the rules may not answer */
  DM_OUT_OF_MEMORY = 6
};

/** Filled where a call fails; left alone where it succeeds. */
typedef struct dm_error {
  size_t size;        /**< set by DM_ERROR_INIT */
  dm_status status;   /**< what the call returned */
  char message[1012]; /**< what was expected, what was found, what to do; cut off where it is longer */
} dm_error;

/* ---- the service ------------------------------------------------------------------------------- */

/** Answers from a store of models, for as long as a program runs. */
typedef struct dm_service dm_service;

/** How a service behaves. */
typedef struct dm_options {
  size_t size; /**< set by DM_OPTIONS_INIT */
  /** How often to look whether another version of the model went into service; 0: at every call. */
  int32_t refresh_milliseconds;
  /** Whether the rule set answers, flagged, where there is no usable model: it can say unstable, never
   *  stable. 0: a prediction fails then. */
  int32_t rules_may_answer;
  /** The site file (JSON) of the mine, or NULL: thresholds, age limits, sentinels, words of advice. */
  const char* site_file;
} dm_options;

/** Where answers come from. */
typedef int32_t dm_state;
enum {
  DM_READY = 0,      /**< the model in service */
  DM_DEGRADED = 1,   /**< another version, in place of a damaged one */
  DM_RULES_ONLY = 2, /**< no model can be used: the rule set, flagged */
  DM_UNAVAILABLE = 3 /**< nothing */
};

/** The model that answers. */
typedef struct dm_model {
  size_t size;         /**< set by DM_MODEL_INIT */
  dm_state state;      /**< without a model, all below is empty */
  int32_t test_cases;  /**< that were replayed when it was loaded */
  uint64_t version;    /**< in the store, from 1 */
  char id[40];         /**< 32 hexadecimal digits */
  char trained_at[32]; /**< UTC, `2024-03-30T12:00:00Z` */
} dm_model;

/** Makes a service for the folder of a store. Nothing of the store is read before the first question, and a
 *  store without a model is no error here. `options` may be NULL. */
DM_API dm_status dm_open(const char* store, const dm_options* options, dm_service** service,
                         dm_error* error) DM_NOEXCEPT;

/** Waits for a load that is under way, and frees the service. */
DM_API void dm_close(dm_service* service) DM_NOEXCEPT;

/** What answers now. The first question loads the model, some milliseconds. */
DM_API dm_status dm_current_model(dm_service* service, dm_model* model, dm_error* error) DM_NOEXCEPT;

/** Looks at the store now, waits for the outcome, and tries again what failed before. `model` may be NULL. */
DM_API dm_status dm_refresh(dm_service* service, dm_model* model, dm_error* error) DM_NOEXCEPT;

/** The metadata of the model that answers, as JSON: when, from which data, how good. DM_MODEL_MISSING or
 *  DM_MODEL_DAMAGED without a model. */
DM_API dm_status dm_model_json(dm_service* service, char** json, dm_error* error) DM_NOEXCEPT;

/** What a monitor asks; `deepmine health` says the same. */
typedef struct dm_health {
  size_t size;      /**< set by DM_HEALTH_INIT */
  int32_t state;    /**< 0 healthy, 1 degraded, 2 unavailable */
  dm_state answers; /**< where answers come from */
  int32_t replay;   /**< of the test cases just now: 0 failed or none, 1 to a tolerance, 2 bit for bit */
  int32_t versions; /**< in the store */
  double age_days;  /**< of the model; NaN: not known */
} dm_health;

/** Replays the test cases of the model that answers, and looks at the store. Changes nothing. Either of
 *  `health` and `json` (the document of `deepmine health --json`) may be NULL. */
DM_API dm_status dm_check_health(dm_service* service, dm_health* health, char** json,
                                 dm_error* error) DM_NOEXCEPT;

/* ---- cases ------------------------------------------------------------------------------------- */

/** A static input that is a number: rqd, hr, depth, dip, undercut_wdt, support_density, and
 *  support_installed (0 or 1). NaN is missing, which rejects the case. */
typedef struct dm_number {
  const char* name;
  double value;
} dm_number;

/** A static input that is a word: direction, rock_type, support_type. */
typedef struct dm_category {
  const char *name, *value;
} dm_category;

/** The readings of a sensor, one for each time: vibration_velocity (mm/s), deformation_rate (mm/day), stress
 *  (MPa), temperature (degree Celsius), humidity (%). NaN is missing; missing is never zero. */
typedef struct dm_series {
  const char* name;
  const double* values;
} dm_series;

/** One stope: its geology and its readings, in order of time. The names are those of the CSV files; all
 * inputs and all five series must be given. A case has at most 1,000,000 readings. */
typedef struct dm_case {
  size_t size; /**< set by DM_CASE_INIT; the same for all cases of a call */
  const char* stope_name;
  const dm_number* numbers;
  size_t number_count;
  const dm_category* categories;
  size_t category_count;
  size_t reading_count; /**< 0: the stope has no readings, and gets no network answer */
  /** Either times as text, `2024-03-30` or with `T12:30:00` behind it, or ... */
  const char* const* timestamps;
  /** ... microseconds since 1970-01-01 00:00 of local mine time. The other one is NULL. */
  const int64_t* microseconds;
  const dm_series* series;
  size_t series_count;
} dm_case;

/** What is asked. All zero is sound: everything by default. */
typedef struct dm_request {
  size_t size;           /**< set by DM_REQUEST_INIT */
  const char* as_of;     /**< later readings are not seen, the age of readings counts from here; NULL: the
                              newest reading of all cases. For live data: today. */
  const char* today;     /**< the mine's calendar day: a reading after it can't be true; NULL: this
                              computer's */
  const char* timestamp; /**< of the prediction, as it stands in the answers; NULL: now, UTC */
  double threshold;      /**< a stope is unstable from this probability on; 0: the model's */
  double coverage;       /**< how often the level that comes is to lie in `risk_set`: whole hundredths from
                              0.50 to 0.99; 0: the model's, or the site file's */
  uint64_t sample_seed;  /**< of `samples` */
  /** Ask the network so many times with its dropout left on, 2 to 10000, and tell how far its answers lie
   *  apart (`uncertainty`). 0: do not. DM_USAGE where the model's network has no dropout. */
  int32_t samples;
  int32_t attributions; /**< not 0: fill `attributions`, which takes some hundred times as long */
} dm_request;

/* ---- answers ----------------------------------------------------------------------------------- */

#define DM_UNKNOWN (-1)

/** The answers to the cases of one call. */
typedef struct dm_answers dm_answers;

/** How far an answer can be trusted. */
enum {
  DM_ANSWER_OK = 0,
  DM_ANSWER_WARNING = 1,
  DM_ANSWER_ABSTAIN = 2, /**< the data allows no answer: inspect */
  DM_ANSWER_REJECTED = 3 /**< the data can't be true */
};

/** Who answered. */
enum { DM_METHOD_NETWORK = 0, DM_METHOD_RULE_BASED = 1, DM_METHOD_NONE = 2 };

/** Members that are a yes or a no; DM_UNKNOWN besides. */
enum { DM_NO = 0, DM_YES = 1 };

/** The risk of the current state. */
enum { DM_RISK_LOW = 0, DM_RISK_MEDIUM = 1, DM_RISK_HIGH = 2, DM_RISK_UNKNOWN = 3 };

/** The levels of the future risk, ascending; DM_UNKNOWN besides. */
enum {
  DM_LEVEL_STABLE = 0,
  DM_LEVEL_SLIGHT_ELEVATED = 1,
  DM_LEVEL_ELEVATED = 2,
  DM_LEVEL_HIGH = 3,
  DM_LEVEL_CRITICAL = 4,
  DM_LEVEL_UNSTABLE = 5,
  DM_LEVEL_COUNT = 6
};

/** Where the risk goes; DM_UNKNOWN besides. */
enum {
  DM_TREND_ESCALATING = 0,
  DM_TREND_INCREASING = 1,
  DM_TREND_STABLE = 2,
  DM_TREND_IMPROVING = 3,
  DM_TREND_RAPIDLY_IMPROVING = 4
};

/** The colours of a response plan, ascending: unknown is worse than green. */
enum { DM_COLOUR_GREEN = 0, DM_COLOUR_UNKNOWN = 1, DM_COLOUR_AMBER = 2, DM_COLOUR_RED = 3 };

/** Why an answer is what it is. Codes are stable, messages are for people. */
typedef struct dm_reason {
  size_t size;
  const char *code, *message;
} dm_reason;

/** How far the network's answers lie apart when its dropout is left on: about the probability that the answer
 *  names, of instability or of the predicted level (docs/calibration.md). */
typedef struct dm_uncertainty {
  size_t size;
  int32_t samples;
  double mean, standard_deviation;
  double low, high;          /**< nine of ten samples lie between */
  double mutual_information; /**< nats: what the samples disagree about */
} dm_uncertainty;

/** The risk some days ahead. */
typedef struct dm_future {
  size_t size;
  int32_t horizon_days;
  int32_t predicted_risk_level;
  const char* date;
  double confidence;
  double risk_probabilities[DM_LEVEL_COUNT]; /**< by level */
  const int32_t* risk_set;                   /**< levels that can't be ruled out, ascending */
  size_t risk_set_count;
  const dm_uncertainty* uncertainty; /**< NULL unless samples were asked for and the network answered */
} dm_future;

/** What the rule set says, extrapolated. */
typedef struct dm_rule_level {
  size_t size;
  int32_t horizon_days;
  int32_t level;
} dm_rule_level;

/** A property or reading that explains the answer, in raw units. */
typedef struct dm_explanation {
  size_t size;
  const char *code, *message, *input, *unit;
  double value, threshold;
} dm_explanation;

/** How much an input moved the probability of instability away from that of the average stope of the
 * training. All of them sum to the difference; the strongest stands first. */
typedef struct dm_attribution {
  size_t size;
  const char* input;
  double value; /**< in raw units, of a sensor the mean of its last days; NaN for a category */
  double contribution;
  const char *unit, *category; /**< NULL where there is none */
} dm_attribution;

/** What is recommended. */
typedef struct dm_recommendation {
  size_t size;
  const char *code, *text;
} dm_recommendation;

/** A value outside what the model was trained on. */
typedef struct dm_out_of_range {
  size_t size;
  const char *input, *day; /**< `day` is NULL for a static input */
  double value, lowest, highest;
} dm_out_of_range;

/** What the mine's response plan (docs/site_file.md) says: who has to do what. */
typedef struct dm_response {
  size_t size;
  int32_t colour;    /**< DM_COLOUR_... */
  int32_t today;     /**< the colour that today's answer alone gives */
  int32_t held;      /**< DM_YES: `colour` is worse, because an alarm falls only after some days */
  const char* since; /**< day on which the alarm was raised; NULL: not known, or there is none */
  const char *owner, *action;
} dm_response;

/** The whole answer about one stope. Lists are of pointers: entry i is at `list[i]`. */
typedef struct dm_answer {
  size_t size; /**< of the library's structure */
  const char* stope_name;
  const char* timestamp; /**< of the prediction, UTC */
  const char* as_of;     /**< last day used */
  int32_t status;        /**< DM_ANSWER_... */
  int32_t method;        /**< DM_METHOD_... */

  const char *model_id, *model_version, *model_trained_at;

  int32_t stable;     /**< DM_YES, DM_NO, DM_UNKNOWN */
  int32_t risk_level; /**< DM_RISK_... */
  double instability_probability;
  double confidence; /**< of the answer given */

  int32_t risk_trend;        /**< DM_TREND_... */
  int32_t max_risk_horizon;  /**< days: the earliest horizon with the highest level */
  int32_t alert_recommended; /**< DM_YES, DM_NO, DM_UNKNOWN */

  int32_t rules_unstable_today; /**< DM_YES, DM_NO, DM_UNKNOWN */

  int32_t days_used, days_filled;
  const char* last_reading;

  const dm_reason* const* reasons;
  size_t reason_count;
  const dm_future* const* future_predictions;
  size_t future_prediction_count;
  const dm_rule_level* const* rule_levels;
  size_t rule_level_count;
  const dm_explanation* const* explanations;
  size_t explanation_count;
  const dm_attribution* const* attributions;
  size_t attribution_count;
  const dm_recommendation* const* recommendations;
  size_t recommendation_count;
  const dm_out_of_range* const* out_of_range;
  size_t out_of_range_count;

  const dm_uncertainty* uncertainty; /**< of instability_probability; NULL unless samples were asked for and
                                        the network answered */
  const dm_response* response;       /**< NULL: the site has no response plan, or the model that holds it
                                        can't be read and no site file was given */
} dm_answer;

/** Answers to cases, in their order; at most 1,000,000, no stope twice. Together they are one data set, as
 * the rows of the CSV files are: without `as_of` the age of readings counts from the newest of all cases.
 *  `request` may be NULL. */
DM_API dm_status dm_predict(dm_service* service, const dm_case* cases, size_t case_count,
                            const dm_request* request, int32_t threads, dm_answers** answers,
                            dm_error* error) DM_NOEXCEPT;

/** 0 for NULL. */
DM_API size_t dm_answer_count(const dm_answers* answers) DM_NOEXCEPT;

/** NULL where there is no answer of that index. */
DM_API const dm_answer* dm_get_answer(const dm_answers* answers, size_t index) DM_NOEXCEPT;

/** One answer as JSON, in one line. */
DM_API dm_status dm_answer_json(const dm_answers* answers, size_t index, char** json,
                                dm_error* error) DM_NOEXCEPT;

/** All answers as the document of `deepmine predict --json`. */
DM_API dm_status dm_answers_json(const dm_answers* answers, char** json, dm_error* error) DM_NOEXCEPT;

DM_API void dm_free_answers(dm_answers* answers) DM_NOEXCEPT;

/** One case as JSON text of `length` bytes, its answer as one line of JSON: the format of
 *  `deepmine predict --stream`, docs/embedding.md. */
DM_API dm_status dm_predict_json(dm_service* service, const char* text, size_t length,
                                 const dm_request* request, int32_t threads, char** json,
                                 dm_error* error) DM_NOEXCEPT;

DM_API void dm_free_text(char* text) DM_NOEXCEPT;

/* ---- versions and names ------------------------------------------------------------------------ */

/** Version of the library at hand, `0.1.0`. */
DM_API const char* dm_version(void) DM_NOEXCEPT;

/** DM_ABI_VERSION of the library at hand. */
DM_API int32_t dm_abi_version(void) DM_NOEXCEPT;

/** Words for values: `model_missing`, `abstain`, `rule_based`, `High`, `slight_elevated`, `escalating`;
 *  `unknown` for DM_UNKNOWN and for what is no value of the kind. */
DM_API const char* dm_status_name(dm_status status) DM_NOEXCEPT;
DM_API const char* dm_state_name(dm_state state) DM_NOEXCEPT;
DM_API const char* dm_answer_status_name(int32_t status) DM_NOEXCEPT;
DM_API const char* dm_method_name(int32_t method) DM_NOEXCEPT;
DM_API const char* dm_risk_name(int32_t risk) DM_NOEXCEPT;
DM_API const char* dm_level_name(int32_t level) DM_NOEXCEPT;
DM_API const char* dm_trend_name(int32_t trend) DM_NOEXCEPT;
DM_API const char* dm_colour_name(int32_t colour) DM_NOEXCEPT;

/* ---- initial values ---------------------------------------------------------------------------- */

/* clang-format off */
#define DM_ERROR_INIT   { sizeof(dm_error), DM_OK, "" }
#define DM_OPTIONS_INIT { sizeof(dm_options), 1000, 1, NULL }
#define DM_MODEL_INIT   { sizeof(dm_model), DM_UNAVAILABLE, 0, 0, "", "" }
#define DM_HEALTH_INIT  { sizeof(dm_health), 2, DM_UNAVAILABLE, 0, 0, 0 }
#define DM_CASE_INIT    { sizeof(dm_case), NULL, NULL, 0, NULL, 0, 0, NULL, NULL, NULL, 0 }
#define DM_REQUEST_INIT { sizeof(dm_request), NULL, NULL, NULL, 0, 0, 0, 0, 0 }
/* clang-format on */

#ifdef __cplusplus
}
#endif

#endif
