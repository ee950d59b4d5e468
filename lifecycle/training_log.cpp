#include "lifecycle/training_log.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "engine/nn/error.h"
#include "io/number_text.h"

namespace deepmine::lifecycle {
namespace {

void append_number(std::string& line, double value) {
  line += ',';
  if (std::isfinite(value)) line += fmt::format("{:.9g}", value);
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t comma; (comma = line.find(',')) != std::string_view::npos; line.remove_prefix(comma + 1))
    cells.push_back(line.substr(0, comma));
  cells.push_back(line);
  return cells;
}

/// The cells of one line, first to last.
class CellReader {
 public:
  CellReader(std::string_view line, std::string place) : cells_(cells_of(line)), place_(std::move(place)) {}

  double number() {
    const std::string_view cell = next();
    if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
    const io::ParsedNumber parsed = io::parse_number(cell);
    if (parsed.fault != io::NumberFault::none)
      damaged(fmt::format("column {}: {}", at_, io::explain(parsed.fault)));
    return parsed.value;
  }
  std::vector<double> numbers(std::size_t count) {
    std::vector<double> values(count);
    for (double& value : values) value = number();
    return values;
  }
  void require_end() const {
    if (at_ != cells_.size()) damaged(fmt::format("{} columns, expected {}", cells_.size(), at_));
  }

 private:
  std::string_view next() {
    if (at_ == cells_.size()) damaged(fmt::format("ends behind column {}", at_));
    return cells_[at_++];
  }
  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(ErrorCode::model_damaged, place_ + ": " + what);
  }

  std::vector<std::string_view> cells_;
  std::string place_;
  std::size_t at_ = 0;
};

EpochRecord parse_line(std::string_view line, std::size_t heads, std::string place) {
  CellReader cells(line, std::move(place));
  EpochRecord record;
  record.epoch = static_cast<int>(cells.number());
  record.learning_rate = cells.number();
  record.training_loss = cells.number();
  record.validation_loss = cells.number();
  record.penalty = cells.number();
  record.training_head_losses = cells.numbers(heads);
  record.validation_head_losses = cells.numbers(heads);
  record.validation_accuracy = cells.numbers(heads);
  record.seconds = cells.number();
  record.samples_per_second = cells.number();
  record.best = cells.number() == 1;
  cells.require_end();
  return record;
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

std::vector<EpochRecord> parse_training_log(std::string_view text, const std::vector<int>& horizons,
                                            const std::string& source) {
  std::vector<EpochRecord> epochs;
  if (text.empty()) return epochs;
  const std::string header = training_log_header(horizons);
  if (!text.starts_with(header))
    throw Error(ErrorCode::model_damaged,
                source + ":1: the columns are not those of a training log of this model");
  text.remove_prefix(header.size());
  while (!text.empty()) {
    const std::string place = fmt::format("{}:{}", source, epochs.size() + 2);
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) throw Error(ErrorCode::model_damaged, place + ": the line has no end");
    epochs.push_back(parse_line(text.substr(0, end), horizons.size() + 1, place));
    text.remove_prefix(end + 1);
  }
  return epochs;
}

}  // namespace deepmine::lifecycle
