// The stack, the queue and the DeQue as ways to use a line: a step of each, and how it is undone.
//
// A memory has one or more tracks. In each step every track pops, then every track pushes one element, then every track
// reads. Actions, and the elements that they push, are ordered by step and, within a step, by track.

#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include "line.hpp"

namespace neuralstack {

// The end of the line at which a track pops and reads, and the end at which it pushes.
template <End kOut, End kIn>
struct Track {
  static constexpr End out = kOut;
  static constexpr End in = kIn;
};

struct Change {
  Popped popped;
  Pushed pushed;
};

template <typename... Tracks>
struct Memory {
  // The number of tracks, which is also the number of slots reserved for each step.
  static constexpr int32_t kTracks = sizeof...(Tracks);
  // The number of tracks that push at the bottom: this many slots per step lie below the first one that is filled.
  static constexpr int32_t kBelow = ((Tracks::in == End::kBottom ? 1 : 0) + ...);

  // Takes a step and records in `changes` what each track changed.
  template <typename Real>
  static void step(Slots& slots, int32_t time, const Rows<const Real>& push_strengths,
                   const Rows<const Real>& pop_strengths, Change* changes) {
    each([&](auto track, int32_t k) { changes[k].popped = pop<track.out>(slots, double(*pop_strengths[k])); });
    each([&](auto track, int32_t k) {
      changes[k].pushed = push<track.in>(slots, time * kTracks + k, double(*push_strengths[k]));
    });
  }

  // Whether all numbers in a step's actions are finite. If not, results are NaN from that step on.
  template <typename Real>
  static bool finite(const Rows<const Real>& push_strengths, const Rows<const Real>& pop_strengths,
                     const Rows<const Real>& values, int64_t width) {
    bool all = true;
    for (int32_t k = 0; k < kTracks; ++k) {
      all &= is_finite(*push_strengths[k]) & is_finite(*pop_strengths[k]);
      for (int64_t i = 0; i < width; ++i) all &= is_finite(values[k][i]);
    }
    return all;
  }

  template <typename Real>
  static void reads(const Slots& slots, const Rows<const Real>& values, const Rows<Real>& out, int64_t width) {
    each([&](auto track, int32_t k) { read<track.out>(slots, values, out[k], width); });
  }

  // Undoes a step and backpropagates through its reads and actions. The cotangents of its pushes are then the strength
  // cotangents of the elements that it pushed.
  template <typename Real>
  static void back(Slots& slots, const Change* changes, const Rows<const Real>& values,
                   const Rows<const Real>& read_cotangents, const Rows<Real>& value_cotangents,
                   double* strength_cotangents, const Rows<Real>& pop_cotangents, int64_t width) {
    each([&](auto track, int32_t k) {
      read_backward<track.out>(slots, values, read_cotangents[k], value_cotangents, strength_cotangents, width);
    });
    each_backward([&](auto track, int32_t k) { unpush<track.in>(slots, changes[k].pushed); });
    each_backward([&](auto track, int32_t k) {
      *pop_cotangents[k] = static_cast<Real>(unpop<track.out>(slots, changes[k].popped, strength_cotangents));
    });
  }

 private:
  template <typename Real>
  static bool is_finite(Real number) {
    return std::abs(number) <= std::numeric_limits<Real>::max();
  }

  template <typename Do>
  static void each(const Do& act) {
    int32_t k = 0;
    (act(Tracks{}, k++), ...);
  }

  template <typename Do>
  static void each_backward(const Do& act) {
    backward(act, std::make_index_sequence<sizeof...(Tracks)>{});
  }

  template <typename Do, size_t... kNumbers>
  static void backward(const Do& act, std::index_sequence<kNumbers...>) {
    (act(std::tuple_element_t<kTracks - 1 - kNumbers, std::tuple<Tracks...>>{}, kTracks - 1 - int32_t(kNumbers)), ...);
  }
};

using Stack = Memory<Track<End::kTop, End::kTop>>;
using Queue = Memory<Track<End::kBottom, End::kTop>>;
using Deque = Memory<Track<End::kTop, End::kTop>, Track<End::kBottom, End::kBottom>>;

}  // namespace neuralstack
