#include "lifecycle/run_identity.h"

#include <bit>

#include "io/field_json.h"
#include "io/sha256.h"
#include "io/stored_enumerations.h"

namespace deepmine::lifecycle {
namespace {

/// Feeds values to a hash so that no two lists of values give the same bytes.
class Hasher {
 public:
  void add(std::uint64_t number) {
    char bytes[8];
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>((number >> (8 * i)) & 0xff);
    buffer_.append(bytes, 8);
    if (buffer_.size() >= 1 << 16) flush();
  }
  void add(double number) {
    add(stope::is_missing(number) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(number));
  }
  void add(const std::string& text) {
    add(std::uint64_t{text.size()});
    buffer_ += text;
  }
  std::string finish() {
    flush();
    return io::to_hexadecimal(hash_.finish());
  }

 private:
  void flush() {
    hash_.update(buffer_);
    buffer_.clear();
  }
  io::Sha256 hash_;
  std::string buffer_;
};

/// Adds a line for each leaf in which two values of one structure differ.
void compare(const io::OrderedJson& begun, const io::OrderedJson& now, const std::string& path,
             std::vector<std::string>& lines) {
  if (begun == now) return;
  if (begun.is_object() && now.is_object()) {
    for (const auto& [key, value] : begun.items()) {
      std::string below = path;
      if (!below.empty()) below += '.';
      below += key;
      compare(value, now[key], below, lines);
    }
    return;
  }
  const auto text = [](const io::OrderedJson& value) {
    constexpr std::size_t longest = 80;
    std::string line = value.is_string()
                           ? value.get<std::string>()
                           : value.dump(-1, ' ', false, io::OrderedJson::error_handler_t::replace);
    return line.size() > longest ? line.substr(0, longest - 3) + "..." : line;
  };
  if (begun.is_array())
    lines.push_back(path + ": " + std::to_string(begun.size()) + " entries when the run began, " +
                    (begun.size() == now.size() ? "others now" : std::to_string(now.size()) + " now"));
  else
    lines.push_back(path + ": " + text(begun) + " when the run began, " + text(now) + " now");
}

}  // namespace

std::string records_sha256(const std::vector<stope::StopeRecord>& records) {
  Hasher hasher;
  for (const stope::StopeRecord& record : records) {
    hasher.add(record.name);
    for (const stope::StaticColumn& column : stope::static_columns) hasher.add(record.statics.*column.value);
    for (const std::string* category :
         {&record.statics.direction, &record.statics.rock_type, &record.statics.support_type})
      hasher.add(*category);
    hasher.add(std::uint64_t{record.statics.support_installed});
    hasher.add(std::uint64_t{record.statics.stable ? 1u + *record.statics.stable : 0u});
    hasher.add(static_cast<std::uint64_t>(record.readings.first_day));
    hasher.add(std::uint64_t{record.readings.days.size()});
    for (const stope::DailyReading& reading : record.readings.days)
      for (const double value : reading) hasher.add(value);
  }
  return hasher.finish();
}

std::vector<std::string> differences(const io::RunIdentity& begun, const io::RunIdentity& now) {
  std::vector<std::string> lines;
  // What JSON shows alike may differ in its bits.
  if (io::encode(begun) == io::encode(now)) return lines;
  compare(io::fields_to_json(begun), io::fields_to_json(now), {}, lines);
  if (lines.empty()) lines.emplace_back("a number that is shown alike but has other bits");
  return lines;
}

}  // namespace deepmine::lifecycle
