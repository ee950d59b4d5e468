#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "engine/nn/random.h"
#include "io/bounded_archive.h"
#include "io/weights_file.h"
#include "tests/io/allocation_count.h"
#include "tests/io/damage.h"
#include "tests/io/expect_error.h"
#include "tests/io/sample_model.h"

using namespace deepmine;
using namespace deepmine::io;
using namespace deepmine::test;

namespace {

const RunId run_id = sample_run_id;

/// Written by version 1 of the format. If this stops being readable, old models do.
constexpr std::string_view golden_version_1 =
    "89444d530d0a1a0a010000000100000001000000000000007000000000000000deadbeef0102030405060708090a0b0c"
    "0000000000000000000000000000000002000000000000000c0000000000000064656e73652f6b65726e656c02000000"
    "030000000006000000000000000000803f0000004000004040000080400000b040000000800a0000000000000064656e"
    "73652f626961730200000001000000030200000000000000010000009ec97f7f757056af69ee64cac3576d096469835f"
    "091fbcc6acd58971ff2f554ac4d3f884";

std::string from_hexadecimal(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

/// A frame around any payload, with the hash right: what a hostile writer would make.
std::string framed(const std::vector<NamedTensor>& tensors) {
  std::string payload = encode(static_cast<std::uint64_t>(tensors.size()));
  for (const NamedTensor& t : tensors)
    payload += encode(t.name) + encode(t.rows) + encode(t.columns) +
               encode(static_cast<std::uint8_t>(t.role)) + encode(t.values);
  return make_frame(FrameKind::weights, weights_schema_version, run_id, payload);
}

void expect_refused(const std::string& bytes, const std::string& part) {
  expect_error(ErrorCode::model_damaged, part, [&] { parse_weights_file(bytes, "the_weights"); });
  expect_error(ErrorCode::model_damaged, "the_weights: ", [&] { parse_weights_file(bytes, "the_weights"); });
}

nn::ParameterLayout layout() {
  nn::ParameterLayout result;
  result.add("norm/running_mean", 3, 1, nn::Role::running_statistic, nn::Initialiser::zeros);
  result.add("dense/kernel", 2, 3, nn::Role::kernel, nn::Initialiser::glorot_uniform);
  result.add("dense/bias", 2, 1, nn::Role::bias, nn::Initialiser::zeros);
  result.finish();
  return result;
}

}  // namespace

TEST_CASE("weights come back bit for bit") {
  const std::string bytes = write_weights_file(sample_weights());
  const Weights again = parse_weights_file(bytes, "weights");
  CHECK(again == sample_weights());
  CHECK(std::signbit(again.tensors[0].values[5]));
  CHECK(write_weights_file(again) == bytes);
  CHECK(bytes == framed(sample_weights().tensors));  // the documented layout, written by hand
}

TEST_CASE("a file of the first version loads to the same bits for ever") {
  const std::string bytes = from_hexadecimal(golden_version_1);
  CHECK(parse_weights_file(bytes, "golden") == sample_weights());
  CHECK(write_weights_file(sample_weights()) == bytes);  // as long as version 1 is what is written
}

TEST_CASE("all damage to a weights file is refused") {
  check_that_all_damage_is_refused(write_weights_file(sample_weights()),
                                   [](std::string_view bytes) { parse_weights_file(bytes, "weights"); });
}

TEST_CASE("a payload that is wrong under a right hash is refused by its meaning") {
  const auto with = [](auto&& change) {
    auto tensors = sample_weights().tensors;
    change(tensors);
    return framed(tensors);
  };
  expect_refused(framed({}), "no tensors");
  expect_refused(with([](auto& t) { t[1].name = "dense/kernel"; }), "two tensors named dense/kernel");
  expect_refused(with([](auto& t) { t[1].name.clear(); }), "no name");
  expect_refused(with([](auto& t) { t[0].rows = 3; }), "dense/kernel is 3 x 3 but has 6 values");
  expect_refused(with([](auto& t) {
                   t[0].rows = t[0].columns = 0;
                   t[0].values.clear();
                 }),
                 "0 x 0");
  // The product is far more than there are bytes.
  expect_refused(with([](auto& t) {
                   t[0].rows = t[0].columns = 1u << 31;
                   t[0].values.clear();
                 }),
                 "2147483648");
  expect_refused(with([](auto& t) { t[0].values[3] = std::nanf(""); }), "not finite, number 3");
  expect_refused(with([](auto& t) { t[1].values[0] = std::numeric_limits<float>::infinity(); }),
                 "dense/bias");
  expect_refused(with([](auto& t) { t[1].role = static_cast<nn::Role>(7); }), "found choice 7");
  expect_refused(make_frame(FrameKind::weights, weights_schema_version + 1, run_id, ""), "newer version");
  expect_refused(make_frame(FrameKind::metadata, 1, run_id, ""), "expected a file of weights");
}

TEST_CASE("weights that are not finite are not saved") {
  Weights weights = sample_weights();
  weights.tensors[0].values[0] = std::nanf("");
  expect_error(ErrorCode::failure, "not finite", [&] { write_weights_file(weights); });
}

TEST_CASE("reading takes memory in proportion to the file") {
  Weights weights{run_id, {}};
  weights.tensors.push_back({"large", 1000, 400, nn::Role::kernel, std::vector<float>(400000, 0.25f)});
  const std::string bytes = write_weights_file(weights);
  const std::size_t before = allocated_bytes();
  const Weights again = parse_weights_file(bytes, "weights");
  CHECK(allocated_bytes() - before < 2 * bytes.size() + (1 << 20));  // beside the file's own bytes
}

TEST_CASE("a slab becomes tensors and a slab again") {
  const nn::ParameterLayout shape = layout();
  std::vector<float> slab(shape.size(), -1.0f), again(shape.size(), 0.0f);
  RandomStream random(7);
  for (const nn::Tensor& tensor : shape.tensors())
    for (std::size_t i = 0; i < tensor.size(); ++i)
      slab[tensor.offset + i] = static_cast<float>(random.normal());
  std::vector<NamedTensor> tensors = tensors_of(shape, slab.data());
  REQUIRE(tensors.size() == 3);
  std::swap(tensors[0], tensors[2]);  // the order does not matter
  copy_to_slab(tensors, shape, again.data(), "weights");
  for (const nn::Tensor& tensor : shape.tensors())
    for (std::size_t i = 0; i < tensor.size(); ++i)
      CHECK(again[tensor.offset + i] == slab[tensor.offset + i]);
}

TEST_CASE("tensors that are not the network's are refused, and the slab is left alone") {
  const nn::ParameterLayout shape = layout();
  const std::vector<float> zeros(shape.size(), 0.0f);
  std::vector<float> slab = zeros;
  const auto expect = [&](const std::string& part, auto&& change) {
    std::vector<float> ones(shape.size(), 1.0f);
    std::vector<NamedTensor> tensors = tensors_of(shape, ones.data());
    change(tensors);
    expect_error(ErrorCode::model_damaged, part,
                 [&] { copy_to_slab(tensors, shape, slab.data(), "weights"); });
    CHECK(slab == zeros);
  };
  expect("has no tensor dense/bias", [](auto& t) { t.erase(t.begin() + 2); });
  expect("dense/kernel is 3 x 2, the network expects 2 x 3",
         [](auto& t) { std::swap(t[1].rows, t[1].columns); });
  expect("the network expects a bias", [](auto& t) { t[2].role = nn::Role::scale; });
  expect("has 4 tensors, the network expects 3", [](auto& t) {
    t.push_back(t[0]);
    t[3].name = "more";
  });
}
