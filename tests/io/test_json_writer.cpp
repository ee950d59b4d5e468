// The writer's bytes are those of nlohmann-json's dump().
#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/nn/random.h"
#include "io/json_writer.h"

using namespace deepmine;
using Json = nlohmann::ordered_json;

namespace {

/// Writes a value as a program would that has no tree.
void write(io::JsonWriter& writer, const Json& json) {
  if (json.is_object()) {
    writer.begin_object();
    for (const auto& [key, value] : json.items()) {
      writer.key(key);
      write(writer, value);
    }
    writer.end_object();
  } else if (json.is_array()) {
    writer.begin_list();
    for (const Json& element : json) write(writer, element);
    writer.end_list();
  } else if (json.is_string()) {
    writer.value(json.get<std::string>());
  } else if (json.is_boolean()) {
    writer.value(json.get<bool>());
  } else if (json.is_number_float()) {
    writer.value(json.get<double>());
  } else if (json.is_number_integer()) {
    writer.value(json.get<int>());
  } else {
    writer.null();
  }
}

void check(const Json& json) {
  for (const int indent : {-1, 2}) {
    io::JsonWriter writer(indent);
    write(writer, json);
    CHECK(writer.take() == json.dump(indent, ' ', false, Json::error_handler_t::replace));
  }
}

}  // namespace

TEST_CASE("objects and lists of any depth, empty ones too") {
  for (const char* text : {"{}", "[]", "null", "[[], {}, [[]], {\"a\": {}}]",
                           R"({"a": 1, "b": [1, 2.5, null, true, "x"], "c": {"d": []}})",
                           R"([{"a": [{"b": [{"c": false}]}]}, -7, 0.0, -0.0, 1e300])"})
    check(Json::parse(text));
}

TEST_CASE("numbers of any bits") {
  RandomStream random(1);
  Json numbers = Json::array();
  for (int i = 0; i < 2000; ++i)
    numbers.push_back(std::bit_cast<double>(random.below(std::numeric_limits<std::uint64_t>::max())));
  for (const double number :
       {0.1, 1.0, 1e-5, 1e15, 1e16, 123456789.0, 5e-324, 1.7976931348623157e308,
        std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    numbers.push_back(number);
  for (const int number : {0, -1, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()})
    numbers.push_back(number);
  check(numbers);
}

TEST_CASE("texts of any bytes") {
  RandomStream random(2);
  Json texts = Json::array({"", "plain", "Höher \xe2\x82\xac", "\"\\/\b\f\n\r\t", std::string("a\0b", 3),
                            "\x7f", "cut \xc3", "\xff\xfe", "\xed\xa0\x80"});
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (int length = static_cast<int>(random.below(12)); length > 0; --length)
      text += static_cast<char>(random.below(256));
    texts.push_back(text);
  }
  check(texts);
  check(Json{{"key \"quoted\"\n", 1}, {"\xff", 2}});
}

TEST_CASE("a document inside gets the lines of the one around it") {
  const Json inner = Json::parse(R"({"a": [1, 2], "b": {}})");
  io::JsonWriter writer(2);
  writer.begin_object();
  writer.key("inner");
  writer.document(inner.dump(2));
  writer.end_object();
  CHECK(writer.take() == Json{{"inner", inner}}.dump(2));
}
