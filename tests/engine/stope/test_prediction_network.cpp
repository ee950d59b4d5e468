// The network for prediction against the one that trains, in both precisions and on every kernel path; and
// its promise that a sample's answer depends on nothing but the sample and the weights.
#include <doctest/doctest.h>

#include <cstring>
#include <numeric>

#include "engine/nn/kernels/select.h"
#include "engine/stope/prediction_network.h"
#include "tests/engine/nn/gradient_check.h"
#include "tests/engine/stope/network_trial.h"

using namespace deepmine;
using namespace deepmine::stope;
using namespace deepmine::stope::test;

namespace {

/// No size is a multiple of a vector, a group of units, a panel; more days than attention takes at a time.
NetworkSpecification odd_specification(CrossAttention choice) {
  NetworkSpecification s = small_specification(choice);
  s.days = 37;
  s.static_units = 45;
  s.temporal_units = 21;
  s.branch_units = 19;
  s.self_attention_heads = 3;
  s.cross_attention_heads = 5;
  s.key_size = 7;
  s.shared_units = 70;
  s.shared_output_units = 33;
  s.head_units = 37;
  s.horizons = {1, 30, 90};
  return s;
}

NetworkTrialSetup setup_of(const NetworkSpecification& specification, bool mixed_lengths, int samples) {
  return {.specification = specification,
          .samples = samples,
          .mixed_lengths = mixed_lengths,
          .mode = nn::inference_mode};
}

template <class Scalar>
struct AnswerSet {
  std::vector<std::vector<Scalar>> logits, day_weights;
};

/// What the network that trains answers.
template <class Scalar>
AnswerSet<Scalar> forward_answers(const NetworkTrialSetup& setup, const nn::Kernels<Scalar>& kernels) {
  NetworkTrial<Scalar> trial(setup, kernels);
  trial.forward();
  AnswerSet<Scalar> answers;
  for (int s = 0; s < trial.batch().samples; ++s) {
    answers.logits.push_back(trial.logits(s));
    if (setup.specification.cross_attention != CrossAttention::days) continue;
    answers.day_weights.emplace_back(static_cast<std::size_t>(setup.specification.days));
    trial.network().day_weights(trial.workspace(), s, answers.day_weights.back().data());
  }
  return answers;
}

/// A prediction network with the weights of a trial, and answers for its samples.
template <class Scalar>
class Predictor {
 public:
  Predictor(const NetworkTrialSetup& setup, const nn::Kernels<Scalar>& kernels)
      : trial_(setup, kernels), network_(setup.specification, kernels) {
    network_.take(trial_.parameters().view());
  }

  NetworkTrial<Scalar>& trial() { return trial_; }
  PredictionNetwork<Scalar>& network() { return network_; }

  AnswerSet<Scalar> answers(int threads = 1, int together = 1) const {
    const NetworkSpecification& s = network_.specification();
    const int samples = trial_.batch().samples, count = network_.logit_count();
    typename PredictionNetwork<Scalar>::Workspace workspace(network_, threads, together);
    std::vector<Scalar> logits(static_cast<std::size_t>(samples * count), Scalar(77));
    std::vector<Scalar> weights(static_cast<std::size_t>(samples * s.days), Scalar(77));
    const bool days = s.cross_attention == CrossAttention::days;
    network_.run(samples, {trial_.statics(), trial_.series()}, workspace,
                 {logits.data(), days ? weights.data() : nullptr});
    AnswerSet<Scalar> answers;
    for (int sample = 0; sample < samples; ++sample) {
      answers.logits.emplace_back(logits.begin() + sample * count, logits.begin() + (sample + 1) * count);
      if (days)
        answers.day_weights.emplace_back(weights.begin() + sample * s.days,
                                         weights.begin() + (sample + 1) * s.days);
    }
    return answers;
  }

 private:
  NetworkTrial<Scalar> trial_;
  PredictionNetwork<Scalar> network_;
};

template <class A, class B>
double largest_error(const std::vector<std::vector<A>>& found, const std::vector<std::vector<B>>& expected) {
  REQUIRE(found.size() == expected.size());
  double largest = 0;
  for (std::size_t s = 0; s < found.size(); ++s)
    largest = std::max(largest, 2 * nn::test::relative_error(found[s], expected[s]));
  return largest;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::vector<NetworkSpecification> specifications() {
  std::vector<NetworkSpecification> result;
  for (const CrossAttention choice : {CrossAttention::pooled, CrossAttention::days}) {
    result.push_back(small_specification(choice));
    result.push_back(odd_specification(choice));
    result.push_back(with_known_answers(small_specification(choice)));
    result.push_back(compact_network());
    result.back().cross_attention = choice;
    result.emplace_back();
    result.back().cross_attention = choice;
  }
  return result;
}

std::vector<int> numbers(int first, int count) {
  std::vector<int> result(static_cast<std::size_t>(count));
  std::iota(result.begin(), result.end(), first);
  return result;
}

/// Every sample in batches of several sizes, on several numbers of threads, together on a block and apart.
void check_batches(const NetworkTrialSetup& setup, const nn::Kernels<float>& kernels) {
  const int samples = setup.samples;
  Predictor<float> predictor(setup, kernels);
  const AnswerSet<float> expected = predictor.answers();
  CHECK(!same_bits(expected.logits[0], expected.logits[1]));
  const auto check = [&](int first, int count, int threads, int together) {
    predictor.trial().place(numbers(first, count), static_cast<RandomKey>(first + 1));
    const AnswerSet<float> found = predictor.answers(threads, together);
    for (int s = 0; s < count; ++s) {
      const auto at = static_cast<std::size_t>(s), sample = static_cast<std::size_t>(first + s);
      const bool same =
          same_bits(found.logits[at], expected.logits[sample]) &&
          (found.day_weights.empty() || same_bits(found.day_weights[at], expected.day_weights[sample]));
      if (!same)
        FAIL_CHECK("sample " << sample << " of " << count << " from " << first << ", " << threads
                             << " threads, " << together << " together");
    }
  };
  for (const int threads : {1, 2, 3, 4, 8})
    for (const int count : {1, 3, 8, 9, 25, samples}) {
      const int first = (samples - count) * threads / 8;
      check(first, count, threads, 1);
      if (count <= 25) check(first, count, threads, threads);
    }
}

}  // namespace

TEST_CASE("in double precision the answers are those of the network that trains") {
  for (const NetworkSpecification& specification : specifications())
    for (const bool mixed_lengths : {false, true}) {
      CAPTURE(specification.temporal_units);
      CAPTURE(mixed_lengths);
      const NetworkTrialSetup setup = setup_of(specification, mixed_lengths, 11);
      const auto& kernels = nn::reference_kernels<double>();
      const AnswerSet<double> expected = forward_answers(setup, kernels);
      const AnswerSet<double> found = Predictor<double>(setup, kernels).answers();
      CHECK(largest_error(found.logits, expected.logits) < 1e-12);
      CHECK(largest_error(found.day_weights, expected.day_weights) < 1e-12);
    }
}

TEST_CASE("every float path agrees with double, and with the same path of the network that trains") {
  for (const NetworkSpecification& specification : specifications()) {
    const NetworkTrialSetup setup = setup_of(specification, true, 11);
    const AnswerSet<double> exact = forward_answers(setup, nn::reference_kernels<double>());
    for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
      INFO("kernels ", std::string(kernels->name), ", ", specification.temporal_units, " units");
      const AnswerSet<float> trained = forward_answers(setup, *kernels);
      const AnswerSet<float> found = Predictor<float>(setup, *kernels).answers();
      CHECK(largest_error(found.logits, exact.logits) < 1e-5);
      CHECK(largest_error(found.day_weights, exact.day_weights) < 1e-5);
      CHECK(largest_error(found.logits, trained.logits) < 1e-5);
      CHECK(largest_error(found.day_weights, trained.day_weights) < 1e-5);
    }
  }
}

TEST_CASE("all vector versions predict the same bits") {
  const auto available = nn::available_kernels();
  const NetworkTrialSetup setup = setup_of(odd_specification(CrossAttention::days), true, 11);
  const AnswerSet<float> expected = Predictor<float>(setup, *available.front()).answers();
  for (std::size_t i = 1; i + 1 < available.size(); ++i) {
    const AnswerSet<float> found = Predictor<float>(setup, *available[i]).answers();
    for (std::size_t s = 0; s < found.logits.size(); ++s)
      CHECK(same_bits(found.logits[s], expected.logits[s]));
  }
}

TEST_CASE("an answer has the same bits in any batch and for any number of threads: full network") {
  for (const nn::Kernels<float>* kernels : nn::available_kernels()) {
    INFO("kernels ", std::string(kernels->name));
    const bool reference = kernels == nn::available_kernels().back();  // slow
    check_batches(setup_of({}, false, reference ? 33 : 256), *kernels);
  }
}

TEST_CASE(
    "an answer has the same bits in any batch and for any number of threads: odd sizes, lengths differ") {
  for (const nn::Kernels<float>* kernels : nn::available_kernels())
    for (const CrossAttention choice : {CrossAttention::pooled, CrossAttention::days}) {
      INFO("kernels ", std::string(kernels->name), ", ", std::string(name(choice)));
      check_batches(setup_of(odd_specification(choice), true, 40), *kernels);
      check_batches(setup_of(with_known_answers(odd_specification(choice)), true, 40), *kernels);
    }
}

TEST_CASE("taking over other weights gives other answers, and the first ones again") {
  const NetworkTrialSetup setup =
      setup_of(with_known_answers(small_specification(CrossAttention::days)), false, 11);
  Predictor<float> predictor(setup, nn::default_kernels());
  const AnswerSet<float> before = predictor.answers();
  nn::Parameters<float>& parameters = predictor.trial().parameters();
  for (nn::TensorId id = 0; id < static_cast<nn::TensorId>(parameters.layout().tensors().size()); ++id) {
    const std::string& name = parameters.layout()[id].name;
    // These can't matter: an attention's key bias moves all scores of a softmax alike.
    if (name.ends_with("/key_bias")) continue;
    CAPTURE(name);
    float* values = parameters[id];
    const std::vector<float> kept(values, values + parameters.layout()[id].size());
    for (std::size_t i = 0; i < kept.size(); ++i) values[i] += i % 2 == 0 ? 0.5f : 0.25f;
    predictor.network().take(parameters.view());
    CHECK(predictor.answers().logits != before.logits);
    std::copy(kept.begin(), kept.end(), values);
  }
  predictor.network().take(parameters.view());
  CHECK(predictor.answers().logits == before.logits);
}
