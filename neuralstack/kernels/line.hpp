// The strength memories of Grefenstette et al. (2015), exact, in constant work per step and element read or removed.
//
// Elements lie end to end on a line with two ends. A pop of at most 1 and a read of depth 1 touch only what lies within
// one unit of an end, and every element is removed at most once. So a memory is kept as the slots that are still alive,
// bottom first: which element each holds and how much of it is left. Strengths are relative, so nothing is lost to the
// length of the line. They and their cotangents are doubles whatever the type of the values: the front of a queue is
// moved by every pop, and in single precision its errors would add up over the steps.
//
// Every function bounds its walk by the number of slots, whatever the strengths are.
//
// Ties belong to the larger pop, as in memories/_interval.py: an element that is used up exactly is removed, and the
// element just beyond a read window that ends exactly at its edge counts as inside, with a weight of 0.

#pragma once

#include <algorithm>
#include <cstdint>

namespace neuralstack {

enum class End { kBottom, kTop };

// The slots of one sequence; those from `low` up to just before `high` are alive.
struct Slots {
  int32_t* elements;
  double* strengths;
  int32_t low;
  int32_t high;

  bool alive(int32_t slot) const { return low <= slot && slot < high; }
};

// The first slot of a walk from an end, and the way to the next one.
template <End kEnd>
int32_t outermost(const Slots& slots) {
  return kEnd == End::kTop ? slots.high - 1 : slots.low;
}
template <End kEnd>
constexpr int32_t kInward = kEnd == End::kTop ? -1 : 1;

// Where an end of the line is.
template <End kEnd>
int32_t& end_of(Slots& slots) {
  return kEnd == End::kTop ? slots.high : slots.low;
}

// What a pop changed, so that it can be undone: the end before it, and the strength of the slot that it reached last.
struct Popped {
  int32_t end;
  double trimmed;
};

// What a push changed: the slot that it took, as it was.
struct Pushed {
  int32_t element;
  double strength;
};

template <End kEnd>
Popped pop(Slots& slots, double amount) {
  Popped popped{end_of<kEnd>(slots), 0};
  for (int32_t slot = outermost<kEnd>(slots); slots.alive(slot); slot += kInward<kEnd>) {
    double& strength = slots.strengths[slot];
    if (!(strength <= amount)) {
      popped.trimmed = strength;
      strength -= amount;
      break;
    }
    amount -= strength;
    end_of<kEnd>(slots) += kInward<kEnd>;
  }
  return popped;
}

template <End kEnd>
Pushed push(Slots& slots, int32_t element, double strength) {
  end_of<kEnd>(slots) -= kInward<kEnd>;
  const int32_t slot = outermost<kEnd>(slots);
  const Pushed pushed{slots.elements[slot], slots.strengths[slot]};
  slots.elements[slot] = element;
  slots.strengths[slot] = strength;
  return pushed;
}

// Undoes a push.
template <End kEnd>
void unpush(Slots& slots, const Pushed& pushed) {
  const int32_t slot = outermost<kEnd>(slots);
  slots.elements[slot] = pushed.element;
  slots.strengths[slot] = pushed.strength;
  end_of<kEnd>(slots) += kInward<kEnd>;
}

// Undoes a pop and returns its cotangent. All that it removed gets the cotangent of the element that it reached last
// and trimmed; a pop that emptied the memory trimmed none.
template <End kEnd>
double unpop(Slots& slots, const Popped& popped, double* strength_cotangents) {
  double reached = 0;
  const int32_t slot = outermost<kEnd>(slots);
  if (slots.alive(slot)) {
    reached = strength_cotangents[slots.elements[slot]];
    slots.strengths[slot] = popped.trimmed;
  }
  while (kInward<kEnd> * (popped.end - end_of<kEnd>(slots)) < 0) {
    end_of<kEnd>(slots) -= kInward<kEnd>;
    strength_cotangents[slots.elements[outermost<kEnd>(slots)]] = reached;
  }
  return -reached;
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

// Writes the unit of strength nearest to an end: the sum of the values, each times how much of it lies within.
template <End kEnd, typename Real>
void read(const Slots& slots, const Real* values, Real* out, int64_t width) {
  std::fill(out, out + width, Real(0));
  double room = 1;
  for (int32_t slot = outermost<kEnd>(slots); slots.alive(slot); slot += kInward<kEnd>) {
    const double strength = slots.strengths[slot];
    const bool whole = strength <= room;
    const Real weight = static_cast<Real>(whole ? strength : room);
    if (weight != 0) add_scaled(out, values + slots.elements[slot] * width, weight, width);
    if (!whole) return;
    room -= strength;
  }
}

// Adds to the cotangents of values and strengths what the read of this state gives them.
template <End kEnd, typename Real>
void read_backward(const Slots& slots, const Real* values, const Real* read_cotangent, Real* value_cotangents,
                   double* strength_cotangents, int64_t width) {
  double room = 1;
  for (int32_t slot = outermost<kEnd>(slots); slots.alive(slot); slot += kInward<kEnd>) {
    const double strength = slots.strengths[slot];
    const int64_t element = slots.elements[slot];
    const bool whole = strength <= room;
    const Real weight = static_cast<Real>(whole ? strength : room);
    if (weight != 0) add_scaled(value_cotangents + element * width, read_cotangent, weight, width);
    const Real slope = dot(read_cotangent, values + element * width, width);
    if (whole) {
      strength_cotangents[element] += slope;
      room -= strength;
    } else {
      // What lies further out than the element that is read in part decides how much of it is left to read.
      for (int32_t outer = outermost<kEnd>(slots); outer != slot; outer += kInward<kEnd>) {
        strength_cotangents[slots.elements[outer]] -= slope;
      }
      return;
    }
  }
}

}  // namespace neuralstack
