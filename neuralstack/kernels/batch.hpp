// A batch of sequences: whether its sizes are possible, and work on each sequence on the threads that the caller gives.

#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "neuralstack.h"

namespace neuralstack {

// Whether slots can be numbered, and all arrays of a batch addressed.
template <typename Memory>
bool is_possible(const neuralstack_batch& batch) {
  constexpr int64_t kMost = std::numeric_limits<int32_t>::max() / Memory::kTracks;
  if (batch.sequences < 0 || batch.length < 0 || batch.width < 0 || batch.length > kMost) return false;
  if (batch.interleaved < 1) return false;
  // Per step and track, an array has as many numbers as a value, or two, of at most 8 bytes each.
  int64_t room = std::numeric_limits<int64_t>::max() / 8;
  // The last group may be larger than what is used of it.
  const int64_t sequences = std::max(batch.sequences, batch.interleaved);
  for (int64_t size : {sequences, batch.length, int64_t{Memory::kTracks}, std::max<int64_t>(batch.width, 2)}) {
    if (size > room) return false;
    if (size > 0) room /= size;
  }
  return true;
}

// Runs `work(i)` for every i below `count` and returns one of the failures, or success. No exception leaves it: all that
// can be missing is memory.
template <typename Work>
int for_each_of(int64_t count, const neuralstack_batch& batch, const Work& work) {
  std::atomic<int> result{NEURALSTACK_OK};
  auto guarded = [&](int64_t i) noexcept {
    try {
      if (const int failure = work(i)) result = failure;
    } catch (...) {
      result = NEURALSTACK_OUT_OF_MEMORY;
    }
  };
  if (batch.parallel_for == nullptr) {
    for (int64_t i = 0; i < count; ++i) guarded(i);
  } else {
    const auto call = [](void* data, int64_t i) { (*static_cast<decltype(guarded)*>(data))(i); };
    batch.parallel_for(batch.context, count, call, &guarded);
  }
  return result;
}

// Runs `work(i)` for every sequence i of a batch.
template <typename Work>
int for_each(const neuralstack_batch& batch, const Work& work) {
  return for_each_of(batch.sequences, batch, work);
}

// Runs `work(first, last)` for sequences that are worth visiting in turn at every step: some of those that are
// interleaved, whose rows of one step then share pages, or a single one.
template <typename Work>
int for_each_group(const neuralstack_batch& batch, const Work& work) {
  constexpr int64_t kMost = 8;
  const int64_t size = std::min(batch.interleaved, kMost);
  return for_each_of((batch.sequences + size - 1) / size, batch, [&](int64_t group) {
    return work(group * size, std::min((group + 1) * size, batch.sequences));
  });
}

}  // namespace neuralstack
