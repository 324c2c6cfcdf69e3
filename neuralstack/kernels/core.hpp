// The passes over a batch of sequences: whole sequences forward and backward, one step, and how it is undone.
//
// It names no framework: arrays are raw pointers, and threads are those of the caller.

#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arrays.hpp"
#include "batch.hpp"
#include "memory.hpp"

namespace neuralstack {

template <typename Memory, typename Number>
class Core {
 public:
  using Real = Number;
  using Given = Actions<const Real>;

  explicit Core(const neuralstack_batch& batch) : batch_(batch) {}

  // Every read of a whole sequence.
  int forward(const int32_t* steps, const Given& batch_actions, Real* batch_reads) const {
    return for_each(batch_, [&](int64_t i) {
      std::vector<int32_t> elements(places_);
      std::vector<double> strengths(places_);
      Slots slots{elements.data(), strengths.data(), first_, first_};
      const Given actions = of(batch_actions, i);
      Real* reads = batch_reads + i * numbers_;
      const int64_t asked = bounded(steps[i]), taken = finite_steps(actions, asked);
      Change changes[kTracks];
      for (int64_t time = 0; time < taken; ++time) {
        take(slots, time, actions, changes);
        Memory::reads(slots, actions.values, reads + time * row_, width_);
      }
      fill_nan(reads + taken * row_, (asked - taken) * row_);
      std::fill(reads + asked * row_, reads + numbers_, Real(0));
      return NEURALSTACK_OK;
    });
  }

  // The cotangents of a whole sequence's actions. The strengths of every step are recomputed, which is cheap compared
  // with the work on the values, so the forward pass stores nothing.
  int backward(const int32_t* steps, const Given& batch_actions, const Real* batch_read_cotangents,
               const Actions<Real>& batch_cotangents) const {
    return for_each(batch_, [&](int64_t i) {
      std::vector<int32_t> elements(places_);
      std::vector<double> strengths(places_);
      std::vector<Change> changes(places_);
      std::vector<double> of_strengths(places_);  // the cotangent of an element's strength has the index of its push
      Slots slots{elements.data(), strengths.data(), first_, first_};
      const Given actions = of(batch_actions, i);
      const Real* of_reads = batch_read_cotangents + i * numbers_;
      const Actions<Real> cotangents = of(batch_cotangents, i);
      const int64_t asked = bounded(steps[i]), taken = finite_steps(actions, asked);
      std::fill_n(cotangents.pop, places_, Real(0));
      std::fill_n(cotangents.values, numbers_, Real(0));
      for (int64_t time = 0; time < taken; ++time) take(slots, time, actions, changes.data() + time * kTracks);
      for (int64_t time = taken - 1; time >= 0; --time) {
        const int64_t place = time * kTracks;
        Memory::back(slots, &changes[place], actions.values, of_reads + time * row_, cotangents.values,
                     of_strengths.data(), cotangents.pop + place, width_);
      }
      std::copy(of_strengths.begin(), of_strengths.end(), cotangents.push);
      fill_nan(cotangents.push + taken * kTracks, (asked - taken) * kTracks);
      fill_nan(cotangents.pop + taken * kTracks, (asked - taken) * kTracks);
      fill_nan(cotangents.values + taken * row_, (asked - taken) * row_);
      return NEURALSTACK_OK;
    });
  }

  // One step, in place: stores the values, changes the slots and reads the ends.
  int step(const int32_t* times, const Given& batch_action, Real* batch_values, const Line& batch_line,
           Real* batch_read) const {
    return for_each(batch_, [&](int64_t i) {
      const Line line = of(batch_line, i);
      const int64_t time = times[i];
      const bool broken = line.ends[0] == kBroken && line.ends[1] == kBroken;
      if (time < 0 || time >= length_ || !(broken || fits(line, time))) return NEURALSTACK_NO_ROOM;
      const Real* push = batch_action.push + i * kTracks;
      const Real* pop = batch_action.pop + i * kTracks;
      const Real* value = batch_action.values + i * row_;
      Real* read = batch_read + i * row_;
      if (broken || !Memory::finite(push, pop, value, width_)) {
        fill_nan(read, row_);
        line.ends[0] = line.ends[1] = kBroken;
        return NEURALSTACK_OK;
      }
      Real* values = batch_values + i * numbers_;
      std::copy_n(value, row_, values + time * row_);
      Slots slots = open(line);
      Change changes[kTracks];
      Memory::step(slots, static_cast<int32_t>(time), push, pop, changes);
      Memory::reads(slots, values, read, width_);
      close(line, slots);
      return NEURALSTACK_OK;
    });
  }

  // The slots after a whole sequence, and the changes made by each step: the start of its backward pass.
  int replay(const int32_t* steps, const Given& batch_actions, const Line& batch_line,
             const Record<int32_t, double>& batch_record) const {
    return for_each(batch_, [&](int64_t i) {
      const Line line = of(batch_line, i);
      const auto record = of(batch_record, i);
      const Given actions = of(batch_actions, i);
      std::fill_n(line.elements, places_, 0);
      std::fill_n(line.strengths, places_, 0.0);
      std::fill_n(record.slots, 2 * places_, 0);
      std::fill_n(record.strengths, 2 * places_, 0.0);
      line.ends[0] = line.ends[1] = first_;
      const int64_t asked = bounded(steps[i]), taken = finite_steps(actions, asked);
      Slots slots = open(line);
      Change changes[kTracks];
      for (int64_t time = 0; time < taken; ++time) {
        take(slots, time, actions, changes);
        for (int32_t k = 0; k < kTracks; ++k) record.write(time * kTracks + k, changes[k]);
      }
      std::fill_n(record.slots + 2 * taken * kTracks, 2 * (asked - taken) * kTracks, kBroken);
      close(line, slots);
      return NEURALSTACK_OK;
    });
  }

  // The backward pass of one step, in place.
  int undo(const int32_t* times, const Real* batch_read_cotangent, const Real* batch_values,
           const Record<const int32_t, const double>& batch_record, const Line& batch_line, Real* batch_of_values,
           double* batch_of_strengths, const Actions<Real>& cotangent) const {
    return for_each(batch_, [&](int64_t i) {
      const Line line = of(batch_line, i);
      const auto record = of(batch_record, i);
      const int64_t time = times[i], place = time * kTracks;
      const bool inside = 0 <= time && time < length_;
      Real* of_push = cotangent.push + i * kTracks;
      Real* of_pop = cotangent.pop + i * kTracks;
      Real* of_value = cotangent.values + i * row_;
      if (inside && record.slots[2 * place] == kBroken) {
        fill_nan(of_push, kTracks);
        fill_nan(of_pop, kTracks);
        fill_nan(of_value, row_);
        return NEURALSTACK_OK;
      }
      if (!inside || !fits(line, time + 1) || line.ends[1] - line.ends[0] < kTracks) return NEURALSTACK_NOTHING_TO_UNDO;
      Change changes[kTracks];
      for (int32_t k = 0; k < kTracks; ++k) changes[k] = record.read(place + k);
      Slots slots = open(line);
      Real* of_values = batch_of_values + i * numbers_;
      double* of_strengths = batch_of_strengths + i * places_;
      Memory::back(slots, changes, batch_values + i * numbers_, batch_read_cotangent + i * row_, of_values,
                   of_strengths, of_pop, width_);
      std::copy_n(of_strengths + place, kTracks, of_push);
      std::copy_n(of_values + time * row_, row_, of_value);
      close(line, slots);
      return NEURALSTACK_OK;
    });
  }

 private:
  static constexpr int32_t kTracks = Memory::kTracks;

  int64_t bounded(int32_t steps) const { return std::clamp<int64_t>(steps, 0, length_); }

  // The parts of one sequence.
  template <typename One>
  Actions<One> of(const Actions<One>& all, int64_t i) const {
    return {all.push + i * places_, all.pop + i * places_, all.values + i * numbers_};
  }
  Line of(const Line& all, int64_t i) const {
    return {all.elements + i * places_, all.strengths + i * places_, all.ends + i * 2};
  }
  template <typename Slot, typename Strength>
  Record<Slot, Strength> of(const Record<Slot, Strength>& all, int64_t i) const {
    return {all.slots + i * 2 * places_, all.strengths + i * 2 * places_};
  }

  static Slots open(const Line& line) { return {line.elements, line.strengths, line.ends[0], line.ends[1]}; }
  static void close(const Line& line, const Slots& slots) {
    line.ends[0] = slots.low;
    line.ends[1] = slots.high;
  }

  static void take(Slots& slots, int64_t time, const Given& actions, Change* changes) {
    const int64_t place = time * kTracks;
    Memory::step(slots, static_cast<int32_t>(time), actions.push + place, actions.pop + place, changes);
  }

  // The number of steps before the first one whose action contains a number that is not finite.
  int64_t finite_steps(const Given& actions, int64_t steps) const {
    int64_t time = 0;
    for (; time < steps; ++time) {
      const int64_t place = time * kTracks;
      if (!Memory::finite(actions.push + place, actions.pop + place, actions.values + time * row_, width_)) break;
    }
    return time;
  }

  // Whether the ends of the line are possible after `taken` steps.
  bool fits(const Line& line, int64_t taken) const {
    const int64_t low = line.ends[0], high = line.ends[1];
    return low <= high && low >= Memory::kBelow * (length_ - taken) &&
           high <= Memory::kBelow * length_ + (kTracks - Memory::kBelow) * taken;
  }

  const neuralstack_batch& batch_;
  const int64_t length_ = batch_.length;
  const int64_t width_ = batch_.width;
  const int64_t row_ = kTracks * width_;        // numbers in the values of a step
  const int64_t places_ = length_ * kTracks;    // strengths of a sequence, and slots of its line
  const int64_t numbers_ = length_ * row_;      // in the values of a sequence
  const int32_t first_ = static_cast<int32_t>(length_ * Memory::kBelow);  // both ends of an empty line
};

}  // namespace neuralstack
