// The strength stack of Grefenstette et al. (2015), exact, in amortised constant work per step.
//
// A pop of at most 1 and a read of depth 1 touch only what lies within one unit of the top, and every element is
// removed at most once. So the stack is kept as the slots that are still alive, bottom first: which element (the step
// that pushed it) and how much of it is left. Strengths are relative, so nothing is lost to the height of the stack.
//
// Every function bounds its walk by the number of slots, whatever the strengths are: NaN and infinity stop a walk, or
// empty the stack, but never leave it.
//
// Ties belong to the larger pop, as in memories/_interval.py: an element that is used up exactly is removed, and the
// element just below a read window that ends exactly at its top counts as inside, with a weight of 0.

#pragma once

#include <algorithm>
#include <cstdint>

namespace neuralstack {

// The slots of one sequence that are alive; the memory behind it has room for one a step.
template <typename Real>
struct Slots {
  int32_t* elements;
  Real* strengths;
  int32_t count;
};

// What one step changed, so that it can be undone: four numbers.
template <typename Real>
struct Change {
  int32_t count;           // slots before the pop
  int32_t element;         // what the pushed slot held before
  Real strength;           // and how much of it
  Real trimmed;            // strength of the slot that the pop reached last, before it was trimmed
};

template <typename Real>
Change<Real> step(Slots<Real>& slots, int32_t time, Real push, Real pop) {
  Change<Real> change{slots.count, 0, 0, 0};
  while (slots.count > 0 && slots.strengths[slots.count - 1] <= pop) {
    pop -= slots.strengths[--slots.count];
  }
  if (slots.count > 0) {
    change.trimmed = slots.strengths[slots.count - 1];
    slots.strengths[slots.count - 1] -= pop;
  }
  change.element = slots.elements[slots.count];
  change.strength = slots.strengths[slots.count];
  slots.elements[slots.count] = time;
  slots.strengths[slots.count] = push;
  ++slots.count;
  return change;
}

template <typename Real>
inline void add_scaled(Real* __restrict target, const Real* __restrict row, Real scale, int64_t width) {
  for (int64_t i = 0; i < width; ++i) target[i] += scale * row[i];
}

// In lanes, so that the compiler may use vector registers without reordering anything itself.
template <typename Real>
inline Real dot(const Real* __restrict one, const Real* __restrict other, int64_t width) {
  constexpr int64_t kLanes = 8;
  Real lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= width; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += one[i + lane] * other[i + lane];
  }
  Real sum = 0;
  for (Real lane : lanes) sum += lane;
  for (; i < width; ++i) sum += one[i] * other[i];
  return sum;
}

// Writes the topmost unit of strength: the sum of the values, each times how much of it lies within.
template <typename Real>
void read(const Slots<Real>& slots, const Real* values, Real* out, int64_t width) {
  std::fill(out, out + width, Real(0));
  Real room = 1;
  for (int32_t slot = slots.count - 1; slot >= 0; --slot) {
    const Real strength = slots.strengths[slot];
    const bool whole = strength <= room;
    const Real weight = whole ? strength : room;
    if (weight != 0) add_scaled(out, values + slots.elements[slot] * width, weight, width);
    if (!whole) return;
    room -= strength;
  }
}

// Adds to the cotangents of values and strengths what the read of this state gives them.
template <typename Real>
void read_backward(const Slots<Real>& slots, const Real* values, const Real* read_cotangent, Real* value_cotangents,
                   Real* strength_cotangents, int64_t width) {
  Real room = 1;
  for (int32_t slot = slots.count - 1; slot >= 0; --slot) {
    const Real strength = slots.strengths[slot];
    const int64_t element = slots.elements[slot];
    const bool whole = strength <= room;
    const Real weight = whole ? strength : room;
    if (weight != 0) add_scaled(value_cotangents + element * width, read_cotangent, weight, width);
    const Real slope = dot(read_cotangent, values + element * width, width);
    if (whole) {
      strength_cotangents[element] += slope;
      room -= strength;
    } else {
      // What lies above the element that is read in part decides how much of it is left to read.
      for (int32_t above = slot + 1; above < slots.count; ++above) {
        strength_cotangents[slots.elements[above]] -= slope;
      }
      return;
    }
  }
}

// Undoes one step and returns the cotangent of its pop; that of its push is then strength_cotangents[time].
template <typename Real>
Real step_backward(Slots<Real>& slots, const Change<Real>& change, Real* strength_cotangents) {
  --slots.count;
  slots.elements[slots.count] = change.element;
  slots.strengths[slots.count] = change.strength;
  Real reached = 0;  // of the element that the pop trimmed; a pop that emptied the stack trimmed none
  if (slots.count > 0) {
    reached = strength_cotangents[slots.elements[slots.count - 1]];
    slots.strengths[slots.count - 1] = change.trimmed;
  }
  for (int32_t slot = slots.count; slot < change.count; ++slot) strength_cotangents[slots.elements[slot]] = reached;
  slots.count = change.count;
  return -reached;
}

}  // namespace neuralstack
