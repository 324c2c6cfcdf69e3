// The stack, the queue and the DeQue as ways to use a line: what each step of them does, and how it is undone.
//
// A memory has one or more tracks. In each step every track pops, then every track pushes one element, then every track
// reads. Actions lie step by step and, within a step, track by track: so do their elements.

#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>

#include "line.hpp"

namespace neuralstack {

// At which end of the line a track pops and reads, and at which end it pushes.
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
  // How many tracks there are: for each step that there is room for, as many slots.
  static constexpr int32_t kTracks = sizeof...(Tracks);
  // How many of them push at the bottom: as many slots for each step lie below the first one that is taken.
  static constexpr int32_t kBelow = ((Tracks::in == End::kBottom ? 1 : 0) + ...);

  // Takes a step; `changes` is told what each track changed.
  template <typename Real>
  static void step(Slots& slots, int32_t time, const Real* push_strengths, const Real* pop_strengths,
                   Change* changes) {
    each([&](auto track, int32_t k) { changes[k].popped = pop<track.out>(slots, double(pop_strengths[k])); });
    each([&](auto track, int32_t k) {
      changes[k].pushed = push<track.in>(slots, time * kTracks + k, double(push_strengths[k]));
    });
  }

  // Whether all numbers of a step's actions are finite. From the first step on that has others, nothing is defined.
  template <typename Real>
  static bool finite(const Real* push_strengths, const Real* pop_strengths, const Real* values, int64_t width) {
    bool all = true;
    for (int32_t k = 0; k < kTracks; ++k) all &= is_finite(push_strengths[k]) & is_finite(pop_strengths[k]);
    for (int64_t i = 0; i < kTracks * width; ++i) all &= is_finite(values[i]);
    return all;
  }

  template <typename Real>
  static void reads(const Slots& slots, const Real* values, Real* out, int64_t width) {
    each([&](auto track, int32_t k) { read<track.out>(slots, values, out + k * width, width); });
  }

  // Goes back over the reads and the actions of a step. The cotangents of its pushes are then those of the strengths
  // of the elements that it pushed.
  template <typename Real>
  static void back(Slots& slots, const Change* changes, const Real* values, const Real* read_cotangents,
                   Real* value_cotangents, double* strength_cotangents, Real* pop_cotangents, int64_t width) {
    each([&](auto track, int32_t k) {
      read_backward<track.out>(slots, values, read_cotangents + k * width, value_cotangents, strength_cotangents,
                               width);
    });
    each_backward([&](auto track, int32_t k) { unpush<track.in>(slots, changes[k].pushed); });
    each_backward([&](auto track, int32_t k) {
      pop_cotangents[k] = static_cast<Real>(unpop<track.out>(slots, changes[k].popped, strength_cotangents));
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
