/* One stope, thirty days of readings, the whole answer: deepmine.h from C99.
 *
 *     predict_stope models
 */
#include <math.h>
#include <stdio.h>

#include "deepmine.h"

enum { DAYS = 30 };

static const char* yes_or_no(int32_t value) {
  return value == DM_YES ? "yes" : value == DM_NO ? "no" : "unknown";
}

static void print_answer(const dm_answer* answer) {
  size_t i;
  printf("%s, as of %s: %s (%s)\n", answer->stope_name, answer->as_of != NULL ? answer->as_of : "no day",
         dm_answer_status_name(answer->status), dm_method_name(answer->method));
  /* DM_UNKNOWN is not "stable": without an answer somebody has to look. */
  printf("  stable now: %s, risk %s", yes_or_no(answer->stable), dm_risk_name(answer->risk_level));
  if (!isnan(answer->instability_probability))
    printf(", probability of instability %.3f", answer->instability_probability);
  printf("\n");
  for (i = 0; i < answer->future_prediction_count; ++i) {
    const dm_future* future = answer->future_predictions[i];
    printf("  in %2d days: %s\n", (int)future->horizon_days, dm_level_name(future->predicted_risk_level));
  }
  printf("  alert recommended: %s\n", yes_or_no(answer->alert_recommended));
  for (i = 0; i < answer->reason_count; ++i)
    printf("  %s: %s\n", answer->reasons[i]->code, answer->reasons[i]->message);
  for (i = 0; i < answer->recommendation_count; ++i) printf("  -> %s\n", answer->recommendations[i]->text);
}

int main(int argument_count, char** arguments) {
  const dm_number numbers[] = {{"rqd", 75},
                               {"hr", 8},
                               {"depth", 600},
                               {"dip", 60},
                               {"undercut_wdt", 6},
                               {"support_density", 0.6},
                               {"support_installed", 1}};
  const dm_category categories[] = {
      {"direction", "North"}, {"rock_type", "Granite"}, {"support_type", "Rock Bolts"}};
  const int64_t microseconds_a_day = INT64_C(86400000000), first_day = 19783; /* 2024-03-01 */
  int64_t times[DAYS];
  double vibration[DAYS], deformation[DAYS], stress[DAYS], temperature[DAYS], humidity[DAYS];
  const dm_series series[] = {{"vibration_velocity", vibration},
                              {"deformation_rate", deformation},
                              {"stress", stress},
                              {"temperature", temperature},
                              {"humidity", humidity}};
  dm_error error = DM_ERROR_INIT;
  dm_model model = DM_MODEL_INIT;
  dm_request request = DM_REQUEST_INIT;
  dm_case stope = DM_CASE_INIT;
  dm_service* service = NULL;
  dm_answers* answers = NULL;
  int day;

  if (argument_count != 2) {
    fprintf(stderr, "usage: predict_stope STORE\n");
    return 2;
  }
  for (day = 0; day < DAYS; ++day) {
    times[day] = (first_day + day) * microseconds_a_day;
    vibration[day] = 1 + 0.02 * day;
    deformation[day] = 0.2 + 0.01 * day;
    stress[day] = 40 + 0.1 * day;
    temperature[day] = 24 + day % 3;
    humidity[day] = day == 12 ? NAN : 60 + day % 5; /* NaN: this sensor said nothing that day */
  }
  stope.stope_name = "Stope 7 East";
  stope.numbers = numbers;
  stope.number_count = sizeof numbers / sizeof *numbers;
  stope.categories = categories;
  stope.category_count = sizeof categories / sizeof *categories;
  stope.reading_count = DAYS;
  stope.microseconds = times;
  stope.series = series;
  stope.series_count = sizeof series / sizeof *series;
  request.as_of = "2024-03-30"; /* live data: today's date */

  if (dm_open(arguments[1], NULL, &service, &error) != DM_OK ||
      dm_current_model(service, &model, &error) != DM_OK ||
      dm_predict(service, &stope, 1, &request, 1, &answers, &error) != DM_OK) {
    fprintf(stderr, "%s: %s\n", dm_status_name(error.status), error.message);
    dm_close(service);
    return 1;
  }
  printf("libdeepmine %s, %s: version %d, model %s\n", dm_version(), dm_state_name(model.state),
         (int)model.version, model.id[0] != '\0' ? model.id : "none");
  print_answer(dm_get_answer(answers, 0));
  dm_free_answers(answers);
  dm_close(service);
  return 0;
}
