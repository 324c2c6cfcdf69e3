// The arrays of a batch, as raw pointers to the part of its first sequence; `neuralstack.h` describes them.

#pragma once

#include <cstdint>

#include "line.hpp"
#include "memory.hpp"

namespace neuralstack {

// Replaces the ends of the line from the first step whose action contains a number that is not finite.
constexpr int32_t kBroken = -1;

// Actions, or their cotangents.
template <typename Real>
struct Actions {
  Real* push;
  Real* pop;
  Real* values;
};

// The actions of one sequence, or their cotangents: a row for each step and track.
template <typename Real>
struct ActionRows {
  Rows<Real> push;
  Rows<Real> pop;
  Rows<Real> values;
};

// The state of a memory, without its values.
struct Line {
  int32_t* elements;
  double* strengths;
  int32_t* ends;
};

// What the tracks of a step changed: for each, two slots or elements and two strengths.
template <typename Slot, typename Strength>
struct Record {
  Slot* slots;
  Strength* strengths;

  void write(int64_t place, const Change& change) const {
    slots[2 * place] = change.popped.end;
    slots[2 * place + 1] = change.pushed.element;
    strengths[2 * place] = change.popped.trimmed;
    strengths[2 * place + 1] = change.pushed.strength;
  }
  Change read(int64_t place) const {
    return {{slots[2 * place], strengths[2 * place]}, {slots[2 * place + 1], strengths[2 * place + 1]}};
  }
};

}  // namespace neuralstack
