/* deepmine.h as a C99 program sees it: everything is called once. Ends with 0 if all was as expected. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deepmine.h"

static int failures = 0;

static void check(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "not so: %s\n", what);
  ++failures;
}

int main(void) {
  static const dm_number numbers[] = {{"rqd", 75},
                                      {"hr", 8},
                                      {"depth", 600},
                                      {"dip", 60},
                                      {"undercut_wdt", 6},
                                      {"support_density", 0.6},
                                      {"support_installed", 1}};
  static const dm_category categories[] = {
      {"direction", "North"}, {"rock_type", "Granite"}, {"support_type", "Mesh"}};
  static const char* const timestamps[] = {"2024-03-01", "2024-03-02 12:30"};
  static const double values[] = {1, 2};
  static const dm_series series[] = {{"vibration_velocity", values},
                                     {"deformation_rate", values},
                                     {"stress", values},
                                     {"temperature", values},
                                     {"humidity", values}};
  dm_error error = DM_ERROR_INIT;
  dm_options options = DM_OPTIONS_INIT;
  dm_request request = DM_REQUEST_INIT;
  dm_model model = DM_MODEL_INIT;
  dm_health health = DM_HEALTH_INIT;
  dm_case one = DM_CASE_INIT;
  dm_service* service = NULL;
  dm_answers* answers = NULL;
  const dm_answer* answer = NULL;
  char* json = NULL;

  one.stope_name = "Stope A";
  one.numbers = numbers;
  one.number_count = sizeof numbers / sizeof *numbers;
  one.categories = categories;
  one.category_count = sizeof categories / sizeof *categories;
  one.reading_count = 2;
  one.timestamps = timestamps;
  one.series = series;
  one.series_count = sizeof series / sizeof *series;
  request.as_of = "2024-03-02";

  check(strcmp(dm_version(), DM_VERSION) == 0, "header and library are of one version");
  check(dm_abi_version() == DM_ABI_VERSION, "header and library are of one ABI");
  check(dm_open("/nowhere/models", &options, &service, &error) == DM_OK, "a service is made");
  check(dm_current_model(service, &model, &error) == DM_OK && model.state == DM_RULES_ONLY,
        "without a model the rules answer");
  check(dm_refresh(service, &model, &error) == DM_OK, "a service looks again");
  check(dm_model_json(service, &json, &error) == DM_MODEL_MISSING && json == NULL, "there is no metadata");
  check(strlen(error.message) > 0, "an error has a message");
  check(dm_check_health(service, &health, &json, &error) == DM_OK && health.state == 2, "it is not healthy");
  dm_free_text(json);
  check(dm_predict(service, &one, 1, &request, 1, &answers, &error) == DM_OK, "a case is answered");
  check(dm_answer_count(answers) == 1, "one answer");
  answer = dm_get_answer(answers, 0);
  check(answer != NULL && strcmp(answer->stope_name, "Stope A") == 0, "of that stope");
  check(answer->stable != DM_YES, "without a model nothing is stable");
  check(isnan(answer->instability_probability), "and there is no probability");
  check(answer->rules_unstable_today == DM_NO, "the rules find nothing");
  check(dm_answer_json(answers, 0, &json, &error) == DM_OK && strstr(json, "\"Stope A\"") != NULL, "as JSON");
  dm_free_text(json);
  check(dm_answers_json(answers, &json, &error) == DM_OK, "all of them as JSON");
  dm_free_text(json);
  check(dm_predict_json(service, "{}", 2, NULL, 1, &json, &error) == DM_DATA_INVALID, "no case");
  check(strcmp(dm_status_name(error.status), "data_invalid") == 0, "and its name");
  dm_free_answers(answers);
  dm_close(service);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
