#include "lifecycle/training_log.h"

#include <fmt/format.h>

#include <cmath>

namespace deepmine::lifecycle {
namespace {

void append_number(std::string& line, double value) {
  line += ',';
  if (std::isfinite(value)) line += fmt::format("{:.9g}", value);
}

}  // namespace

std::string training_log_header(const std::vector<int>& horizons) {
  std::vector<std::string> heads{"current"};
  for (const int horizon : horizons) heads.push_back(fmt::format("future_{}d", horizon));
  std::string header = "epoch,learning_rate,loss,validation_loss,l2_penalty";
  for (const std::string& head : heads) header += fmt::format(",{}_loss", head);
  for (const std::string& head : heads) header += fmt::format(",validation_{}_loss", head);
  for (const std::string& head : heads) header += fmt::format(",validation_{}_accuracy", head);
  return header + ",seconds,samples_per_second,best\n";
}

std::string training_log_line(const EpochRecord& record) {
  std::string line = std::to_string(record.epoch);
  for (const double value :
       {record.learning_rate, record.training_loss, record.validation_loss, record.penalty})
    append_number(line, value);
  for (const auto* values :
       {&record.training_head_losses, &record.validation_head_losses, &record.validation_accuracy})
    for (const double value : *values) append_number(line, value);
  append_number(line, record.seconds);
  append_number(line, record.samples_per_second);
  return line + (record.best ? ",1\n" : ",0\n");
}

}  // namespace deepmine::lifecycle
