// The strength memories of Grefenstette et al. (2015), exact, with constant work per step and element read or removed.
//
// Elements lie end to end on a line with two ends. A pop of at most 1 and a read of depth 1 touch only elements within
// one unit of an end, and every element is removed at most once. So a memory is stored as the slots that are still
// alive, bottom first: the element that each holds and how much of it is left. Each slot stores its own strength and
// not a position on the line, so no precision is lost on long lines. Strengths and their cotangents are doubles,
// whatever the type of the values: every pop moves the front of a queue, and in single precision the errors would
// accumulate.
//
// No loop visits more slots than there are, whatever the strengths are.
//
// Ties are resolved as for a larger pop, as in memories/strength/_interval.py: an element that is used up exactly is
// removed, and the element just beyond a read window that ends exactly at its edge counts as inside, with weight 0.

#pragma once

#include <algorithm>
#include <cstdint>

namespace neuralstack {

// The rows of an array of one sequence, which need not follow one another.
template <typename Number>
struct Rows {
  Number* first;
  int64_t stride;

  Number* operator[](int64_t row) const { return first + row * stride; }
};

enum class End { kBottom, kTop };

// The slots of one sequence; those from `low` up to just before `high` are alive.
struct Slots {
  int32_t* elements;
  double* strengths;
  int32_t low;
  int32_t high;

  bool alive(int32_t slot) const { return low <= slot && slot < high; }
};

// The outermost slot at an end, and the direction from there inwards.
template <End kEnd>
int32_t outermost(const Slots& slots) {
  return kEnd == End::kTop ? slots.high - 1 : slots.low;
}
template <End kEnd>
constexpr int32_t kInward = kEnd == End::kTop ? -1 : 1;

// The position of an end of the line.
template <End kEnd>
int32_t& end_of(Slots& slots) {
  return kEnd == End::kTop ? slots.high : slots.low;
}

// The record of a pop, for undoing it: the end before it, and the old strength of the slot that it trimmed.
struct Popped {
  int32_t end;
  double trimmed;
};

// The record of a push, for undoing it: the old contents of the slot that it filled.
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

// Undoes a pop and returns its cotangent. All elements that it removed get the strength cotangent of the element that
// it trimmed, or 0 if it emptied the memory and trimmed none.
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

// Summed in lanes, so that the compiler can use vector registers without reordering floating-point operations.
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

// Reads the unit of strength nearest to an end: the sum of the values, weighted by how much of each lies within it.
template <End kEnd, typename Real>
void read(const Slots& slots, const Rows<const Real>& values, Real* out, int64_t width) {
  std::fill(out, out + width, Real(0));
  double room = 1;
  for (int32_t slot = outermost<kEnd>(slots); slots.alive(slot); slot += kInward<kEnd>) {
    const double strength = slots.strengths[slot];
    const bool whole = strength <= room;
    const Real weight = static_cast<Real>(whole ? strength : room);
    if (weight != 0) add_scaled(out, values[slots.elements[slot]], weight, width);
    if (!whole) return;
    room -= strength;
  }
}

// Adds the contribution of the read of this state to the cotangents of values and strengths.
template <End kEnd, typename Real>
void read_backward(const Slots& slots, const Rows<const Real>& values, const Real* read_cotangent,
                   const Rows<Real>& value_cotangents, double* strength_cotangents, int64_t width) {
  double room = 1;
  for (int32_t slot = outermost<kEnd>(slots); slots.alive(slot); slot += kInward<kEnd>) {
    const double strength = slots.strengths[slot];
    const int64_t element = slots.elements[slot];
    const bool whole = strength <= room;
    const Real weight = static_cast<Real>(whole ? strength : room);
    if (weight != 0) add_scaled(value_cotangents[element], read_cotangent, weight, width);
    const Real slope = dot(read_cotangent, values[element], width);
    if (whole) {
      strength_cotangents[element] += slope;
      room -= strength;
    } else {
      // The elements further out determine how much of this partly read element fits into the window.
      for (int32_t outer = outermost<kEnd>(slots); outer != slot; outer += kInward<kEnd>) {
        strength_cotangents[slots.elements[outer]] -= slope;
      }
      return;
    }
  }
}

}  // namespace neuralstack
