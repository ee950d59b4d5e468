#include "engine/stope/prediction_network.h"

#include <cassert>

#include "engine/nn/instantiate.h"

namespace deepmine::stope {
namespace {

template <class Scalar>
nn::Columns<Scalar> take_columns(nn::Arena& arena, std::ptrdiff_t stride, int columns) {
  return {arena.take<Scalar>(static_cast<std::size_t>(stride) * static_cast<std::size_t>(columns)), stride};
}

int blocks_of(int samples) {
  return (samples + nn::block_size - 1) / nn::block_size;
}

}  // namespace

// ---- memory

template <class Scalar>
PredictionNetwork<Scalar>::PredictionNetwork(const NetworkSpecification& specification,
                                             const nn::Kernels<Scalar>& kernels)
    : specification_(specification), kernels_(kernels) {
  assert(problem_with(specification).empty());
  arena_.build([&](nn::Arena& arena) { plan(arena); });
}

template <class Scalar>
void PredictionNetwork<Scalar>::plan(nn::Arena& arena) {
  const NetworkSpecification& s = specification_;
  static_1_.plan(arena, s.static_features, s.static_units, true);
  static_2_.plan(arena, s.static_units, s.static_units, true);
  static_3_.plan(arena, s.static_units, s.branch_units, true);
  lstm_1_.plan(arena, s.sensors, s.temporal_units, kernels_.unit_group);
  lstm_2_.plan(arena, s.temporal_units, s.temporal_units, kernels_.unit_group);
  self_attention_.plan(arena, s.temporal_units, s.self_attention_heads, s.key_size);
  lstm_3_.plan(arena, s.temporal_units, s.branch_units, kernels_.unit_group);
  cross_attention_.plan(arena, s.branch_units, s.cross_attention_heads, s.key_size,
                        s.cross_attention == CrossAttention::days);
  shared_1_.plan(arena, 3 * s.branch_units, s.shared_units, true);
  shared_2_.plan(arena, s.shared_units, s.shared_output_units, true);

  if (s.summary_features > 0) shortcut_.plan(arena, s.summary_features, 1, false);
  heads_.resize(1 + s.horizons.size());
  for (std::size_t h = 0; h < heads_.size(); ++h) {
    Head& head = heads_[h];
    const bool current = h == 0;
    const int horizon = current ? 0 : s.horizons[h - 1];
    const int second_units = s.head_units + horizon / 7;
    head.name = current ? "current" : "future_" + std::to_string(horizon) + "d";
    head.has_second = !current;
    head.first_logit = current ? 0 : 1 + static_cast<int>(h - 1) * s.risk_levels;
    head.first.plan(arena, s.shared_output_units, s.head_units, true);
    if (head.has_second) head.second.plan(arena, s.head_units, second_units, true);
    head.logits.plan(arena, head.has_second ? second_units : s.head_units, current ? 1 : s.risk_levels,
                     false);
  }
}

template <class Scalar>
void PredictionNetwork<Scalar>::take(const nn::ParameterView<Scalar>& parameters) {
  const nn::NamedTensors<Scalar> tensors(parameters);
  static_1_.prepare(tensors, "static/block_1");
  static_2_.prepare(tensors, "static/block_2");
  static_3_.prepare(tensors, "static/block_3");
  lstm_1_.prepare(tensors, "temporal/lstm_1", "temporal/norm_1");
  lstm_2_.prepare(tensors, "temporal/lstm_2", "temporal/norm_2");
  self_attention_.prepare(tensors, "temporal/self_attention", "temporal/attention_norm");
  lstm_3_.prepare(tensors, "temporal/lstm_3", "temporal/norm_3");
  cross_attention_.prepare(tensors, "fusion/cross_attention");
  shared_1_.prepare(tensors, "shared/block_1");
  shared_2_.prepare(tensors, "shared/block_2");
  if (specification_.summary_features > 0) shortcut_.prepare(tensors, "current/shortcut");
  for (Head& head : heads_) {
    head.first.prepare(tensors, head.name + "/block_1");
    if (head.has_second) head.second.prepare(tensors, head.name + "/block_2");
    head.logits.prepare(tensors, head.name + "/logits");
  }
}

template <class Scalar>
PredictionNetwork<Scalar>::Workspace::Workspace(const PredictionNetwork& network, int threads, int together)
    : blocks_(static_cast<std::size_t>(std::clamp(threads, 1, nn::max_lanes))),
      together_(std::clamp(together, 1, this->threads())) {
  arena_.build([&](nn::Arena& arena) {
    for (Block& block : blocks_) network.plan_block(arena, block);
  });
}

template <class Scalar>
void PredictionNetwork<Scalar>::plan_block(nn::Arena& arena, Block& block) const {
  const NetworkSpecification& s = specification_;
  const auto one_step = [&](int features) {
    return take_columns<Scalar>(arena, nn::column_stride(features), nn::block_size);
  };
  const auto all_steps = [&](int features) {
    return take_columns<Scalar>(arena, nn::column_stride(features), s.days * nn::block_size);
  };
  block.statics = one_step(s.sample_features());
  block.series = take_columns<Scalar>(arena, s.sensors, s.days * nn::block_size);
  block.static_1 = one_step(s.static_units);
  block.static_sum = one_step(s.static_units);
  block.days = all_steps(lstm_1_.padded_units());
  block.last_lstm = all_steps(lstm_3_.padded_units());
  lstm_2_.plan_workspace(arena, s.days, block.lstm);  // the first LSTM has as many units
  lstm_3_.plan_workspace(arena, s.days, block.lstm_3);
  self_attention_.plan_workspace(arena, s.days, block.self_attention);
  cross_attention_.plan_workspace(arena, s.days, block.cross_attention);
  block.fused = one_step(3 * s.branch_units);
  block.shared_1 = one_step(s.shared_units);
  block.shared_2 = one_step(s.shared_output_units);
  block.head_1 = one_step(s.head_units);
  block.head_2 = one_step(s.head_units + s.horizons.back() / 7);
  block.shortcut = one_step(1);
}

// ---- prediction

template <class Scalar>
int PredictionNetwork<Scalar>::most_together(int threads) {
  constexpr int enough = 4;
  return std::min({threads, enough, nn::Team::processors()});
}

template <class Scalar>
void PredictionNetwork<Scalar>::run(int samples, const Inputs& inputs, Workspace& workspace,
                                    const Answers& answers) const {
  if (samples <= 0) return;
  if (!share_blocks(samples, workspace) || workspace.runs_apart_ > 0) {
    if (share_blocks(samples, workspace)) --workspace.runs_apart_;
    nn::Team::run(std::min(workspace.threads(), samples),
                  [&](const nn::Team& team) { run_apart(team, samples, inputs, workspace, answers); });
    return;
  }
  bool slept = false;
  nn::Team::run(workspace.together_, [&](const nn::Team& team) {
    run_together(team, samples, inputs, workspace, answers);
    if (team.thread() == 0) slept = team.slept();
  });
  // On a busy machine, waiting for each other a hundred times takes many times longer than going alone.
  constexpr int until_the_next_trial = 50;
  if (slept) workspace.runs_apart_ = until_the_next_trial;
}

template <class Scalar>
bool PredictionNetwork<Scalar>::share_blocks(int samples, const Workspace& workspace) const {
  return blocks_of(samples) < workspace.together_;
}

template <class Scalar>
int PredictionNetwork<Scalar>::threads_for(int samples, const Workspace& workspace) const {
  return share_blocks(samples, workspace) ? workspace.together_ : std::min(workspace.threads(), samples);
}

/// All threads on one block after the other.
template <class Scalar>
void PredictionNetwork<Scalar>::run_together(const nn::Team& team, int samples, const Inputs& inputs,
                                             Workspace& workspace, const Answers& answers) const {
  Block &shared = workspace.blocks_[0], &own = workspace.blocks_[static_cast<std::size_t>(team.thread())];
  const int blocks = blocks_of(samples);
  for (int block = 0; block < blocks; ++block) {
    const nn::Range part = nn::share(samples, block, blocks);
    run_block(nn::Crew(team), inputs, part.begin, part.end, shared, own, answers);
  }
}

/// As many blocks for every thread, of nearly equal size.
template <class Scalar>
void PredictionNetwork<Scalar>::run_apart(const nn::Team& team, int samples, const Inputs& inputs,
                                          Workspace& workspace, const Answers& answers) const {
  Block& own = workspace.blocks_[static_cast<std::size_t>(team.thread())];
  const int rounds = (blocks_of(samples) + team.size() - 1) / team.size();
  const int blocks = std::min(samples, rounds * team.size());
  const nn::Range mine = nn::share(blocks, team.thread(), team.size());
  for (int block = mine.begin; block < mine.end; ++block) {
    const nn::Range part = nn::share(samples, block, blocks);
    run_block(nn::Crew(), inputs, part.begin, part.end, own, own, answers);
  }
}

template <class Scalar>
void PredictionNetwork<Scalar>::run_block(const nn::Crew& crew, const Inputs& inputs, int begin, int end,
                                          Block& shared, Block& own, const Answers& answers) const {
  gather(inputs, begin, end, own);
  run_static(crew, shared, own);
  run_temporal(crew, inputs, shared, own);
  run_fusion(crew, inputs, shared, own, answers);
  run_heads(crew, shared, own, answers);
}

/// Copies what one block needs, without gaps; every thread for itself.
template <class Scalar>
void PredictionNetwork<Scalar>::gather(const Inputs& inputs, int begin, int end, Block& own) const {
  const NetworkSpecification& s = specification_;
  own.first = begin;
  own.columns = end - begin;
  own.steps = 1;
  for (int sample = begin; sample < end; ++sample) {
    const int block = sample / nn::block_size, position = sample % nn::block_size, column = sample - begin;
    own.steps = std::max(own.steps, days_of(inputs, sample));
    std::copy_n(inputs.statics.column(block, position), s.sample_features(), own.statics[column]);
    for (int day = 0; day < days_of(inputs, sample); ++day)
      std::copy_n(inputs.series.column(block, day * nn::block_size + position), s.sensors,
                  own.series[day * own.columns + column]);
    for (int day = days_of(inputs, sample); day < s.days; ++day)
      std::fill_n(own.series[day * own.columns + column], s.sensors, Scalar(0));
  }
}

/// Leaves the static vector at the top of `fused`.
template <class Scalar>
void PredictionNetwork<Scalar>::run_static(const nn::Crew& crew, const Block& shared,
                                           const Block& own) const {
  static_1_.run(kernels_, crew, own.statics, own.columns, shared.static_1);
  crew.meet();
  static_2_.run(kernels_, crew, shared.static_1, own.columns, shared.static_sum, shared.static_1);
  crew.meet();
  static_3_.run(kernels_, crew, shared.static_sum, own.columns, shared.fused);
}

template <class Scalar>
void PredictionNetwork<Scalar>::run_temporal(const nn::Crew& crew, const Inputs& inputs, const Block& shared,
                                             const Block& own) const {
  const int columns = own.columns;
  lstm_1_.run(kernels_, crew, own.series, columns, own.steps, shared.lstm, shared.days, false);
  lstm_2_.run(kernels_, crew, shared.days, columns, own.steps, shared.lstm, shared.days, true);
  for (int column = 0; column < columns; ++column)
    self_attention_.run(kernels_, crew, shared.days.from(column, columns),
                        days_of(inputs, own.first + column), shared.self_attention, own.self_attention);
  lstm_3_.run(kernels_, crew, shared.days, columns, own.steps, shared.lstm_3, shared.last_lstm, false);
}

template <class Scalar>
void PredictionNetwork<Scalar>::run_fusion(const nn::Crew& crew, const Inputs& inputs, const Block& shared,
                                           const Block& own, const Answers& answers) const {
  const int units = specification_.branch_units, days = specification_.days;
  const nn::Range mine = crew.my_share(own.columns);
  for (int column = mine.begin; column < mine.end; ++column) {
    const int sample = own.first + column, steps = days_of(inputs, sample);
    const nn::Columns<Scalar> source = shared.last_lstm.from(column, own.columns);
    Scalar* fused = shared.fused[column];
    Scalar* weights =
        answers.day_weights == nullptr ? nullptr : answers.day_weights + std::ptrdiff_t{sample} * days;
    std::copy_n(source[steps - 1], units, fused + units);
    cross_attention_.run(kernels_, fused, source, steps, own.cross_attention, fused + 2 * units, weights);
    if (weights != nullptr) std::fill(weights + steps, weights + days, Scalar(0));
  }
  crew.meet();
  shared_1_.run(kernels_, crew, shared.fused, own.columns, shared.shared_1);
  crew.meet();
  shared_2_.run(kernels_, crew, shared.shared_1, own.columns, shared.shared_2);
  crew.meet();
}

template <class Scalar>
void PredictionNetwork<Scalar>::run_heads(const nn::Crew& crew, const Block& shared, const Block& own,
                                          const Answers& answers) const {
  const nn::Crew alone;
  const nn::Range mine = crew.my_share(static_cast<int>(heads_.size()));
  for (int h = mine.begin; h < mine.end; ++h) {
    const Head& head = heads_[static_cast<std::size_t>(h)];
    head.first.run(kernels_, alone, shared.shared_2, own.columns, own.head_1);
    if (head.has_second) head.second.run(kernels_, alone, own.head_1, own.columns, own.head_2);
    const nn::Columns<Scalar> logits{
        answers.logits + std::ptrdiff_t{own.first} * logit_count() + head.first_logit, logit_count()};
    head.logits.run(kernels_, alone, head.has_second ? own.head_2 : own.head_1, own.columns, logits);
    add_known_answer(head, h, own, logits);
  }
}

/// Adds the shortcut's logit, or the prior of a horizon, to the logits of head `number`.
template <class Scalar>
void PredictionNetwork<Scalar>::add_known_answer(const Head& head, int number, const Block& own,
                                                 nn::Columns<Scalar> logits) const {
  const NetworkSpecification& s = specification_;
  nn::Columns<Scalar> known = own.statics;
  known.data += s.static_features;
  if (!head.has_second) {
    if (s.summary_features == 0) return;
    shortcut_.run(kernels_, nn::Crew(), known, own.columns, own.shortcut);
    for (int column = 0; column < own.columns; ++column) *logits[column] += *own.shortcut[column];
    return;
  }
  if (!s.rule_prior) return;
  known.data += s.summary_features + (number - 1) * s.risk_levels;
  for (int column = 0; column < own.columns; ++column)
    for (int level = 0; level < s.risk_levels; ++level) logits[column][level] += known[column][level];
}

template class PredictionNetwork<DEEPMINE_SCALAR>;

}  // namespace deepmine::stope
