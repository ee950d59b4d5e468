// The way of the data, from bytes to batches, cut into stages that are timed by themselves.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "benchmarks/data_files.h"

namespace deepmine::benchmarks {

/// One stage, timed once in every round. Processor time, of all threads: on a busy machine it tells more than
/// the clock on the wall.
struct Stage {
  std::string name, what;
  std::vector<double> cpu;  ///< seconds of each round
  double best() const;
};

/// From the two files to windows, and an epoch of batches from them, in one go.
struct WholeRun {
  double cpu = 0, wall = 0;                ///< seconds, until the windows and scalers are there
  double gather_cpu = 0, gather_wall = 0;  ///< and for the epoch
  double peak_memory_mb = 0;               ///< of the program while it ran
  std::size_t stopes = 0, windows = 0, training_windows = 0;
};

/// What an epoch is made of: putting windows into batches, and what the network makes of them.
struct EpochShare {
  int steps = 0, batch = 0, threads = 0;
  double gather = 0, network = 0;  ///< seconds on the wall, of all steps
  double network_share() const { return network / (network + gather); }
};

/// Reads, checks, cuts into windows, fits the scalers and gathers one epoch. Throws Error(failure) unless the
/// readings have the bits of those that were written and a choice of samples is what the readings say.
WholeRun run_whole(const DataFiles& files);

/// Times every stage once in each of `rounds` rounds, one after the other.
std::vector<Stage> time_stages(const DataFiles& files, int rounds);

/// Times `steps` training steps of the full network, dropout and optimiser included, on batches of 32
/// windows.
EpochShare time_epoch(const DataFiles& files, int steps, int threads);

}  // namespace deepmine::benchmarks
