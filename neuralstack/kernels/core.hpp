// The passes over a batch of sequences: whole sequences forward and backward, one step, and how it is undone.
//
// It names no framework: arrays are raw pointers, and threads are those of the caller.

#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>
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

  // Every read of whole sequences.
  int forward(const int32_t* steps, const Given& batch_actions, Real* batch_reads) const {
    return for_each_group(batch_, [&](int64_t first, int64_t last) {
      std::vector<Sequence> sequences = begin(first, last, steps, batch_actions);
      Change changes[kTracks];
      in_step(sequences, [&](Sequence& sequence, int64_t time) {
        take(sequence.slots, time, sequence.actions, changes);
        Memory::reads(sequence.slots, sequence.actions.values, after(values_of(batch_reads, sequence.number), time),
                      width_);
      });
      for (const Sequence& sequence : sequences) {
        const Rows<Real> reads = values_of(batch_reads, sequence.number);
        fill(reads, sequence.taken, sequence.asked, width_, kNaN);
        fill(reads, sequence.asked, length_, width_, Real(0));
      }
      return NEURALSTACK_OK;
    });
  }

  // The cotangents of the actions of whole sequences. The strengths of every step are recomputed, which is cheap
  // compared with the work on the values, so the forward pass stores nothing.
  int backward(const int32_t* steps, const Given& batch_actions, const Real* batch_read_cotangents,
               const Actions<Real>& batch_cotangents) const {
    return for_each_group(batch_, [&](int64_t first, int64_t last) {
      std::vector<Sequence> sequences = begin(first, last, steps, batch_actions);
      const size_t places = static_cast<size_t>(places_) * sequences.size();
      std::vector<Change> all_changes(places);
      std::vector<double> all_of_strengths(places);  // the cotangent of an element's strength has the index of its push
      const auto changes = [&](const Sequence& one) { return all_changes.data() + (one.number - first) * places_; };
      const auto of_strengths = [&](const Sequence& one) {
        return all_of_strengths.data() + (one.number - first) * places_;
      };
      in_step(sequences, [&](Sequence& sequence, int64_t time) {
        take(sequence.slots, time, sequence.actions, changes(sequence) + time * kTracks);
        const auto cotangents = of(batch_cotangents, sequence.number);
        fill(cotangents.values, time, time + 1, width_, Real(0));
      });
      for (int64_t time = length_ - 1; time >= 0; --time) {
        for (Sequence& sequence : sequences) {
          if (time >= sequence.taken) continue;
          const auto cotangents = of(batch_cotangents, sequence.number);
          const Rows<const Real> of_reads = values_of(batch_read_cotangents, sequence.number);
          Memory::back(sequence.slots, changes(sequence) + time * kTracks, sequence.actions.values,
                       after(of_reads, time), cotangents.values, of_strengths(sequence),
                       after(cotangents.pop, time), width_);
        }
      }
      for (const Sequence& sequence : sequences) {
        const auto cotangents = of(batch_cotangents, sequence.number);
        const double* of_pushes = of_strengths(sequence);
        for (int64_t place = 0; place < sequence.taken * kTracks; ++place) {
          *cotangents.push[place] = static_cast<Real>(of_pushes[place]);
        }
        for (auto [begin, end, number] : {std::tuple{sequence.taken, sequence.asked, kNaN},
                                          std::tuple{sequence.asked, length_, Real(0)}}) {
          fill(cotangents.push, begin, end, 1, number);
          fill(cotangents.pop, begin, end, 1, number);
          fill(cotangents.values, begin, end, width_, number);
        }
      }
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
      const auto action = at_step(batch_action, i);
      const Rows<Real> read{batch_read + i * kTracks * width_, width_};
      if (broken || !Memory::finite(action.push, action.pop, action.values, width_)) {
        fill(read, 0, 1, width_, kNaN);
        line.ends[0] = line.ends[1] = kBroken;
        return NEURALSTACK_OK;
      }
      const Rows<Real> values = values_of(batch_values, i);
      for (int64_t k = 0; k < kTracks; ++k) std::copy_n(action.values[k], width_, values[time * kTracks + k]);
      Slots slots = open(line);
      Change changes[kTracks];
      Memory::step(slots, static_cast<int32_t>(time), action.push, action.pop, changes);
      Memory::reads(slots, read_only(values), read, width_);
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
      const auto actions = of(batch_actions, i);
      std::fill_n(line.elements, places_, 0);
      std::fill_n(line.strengths, places_, 0.0);
      std::fill_n(record.slots, 2 * places_, 0);
      std::fill_n(record.strengths, 2 * places_, 0.0);
      line.ends[0] = line.ends[1] = first_;
      const int64_t asked = bounded(steps[i]);
      Slots slots = open(line);
      Change changes[kTracks];
      int64_t taken = 0;
      for (; taken < asked && finite(actions, taken); ++taken) {
        take(slots, taken, actions, changes);
        for (int32_t k = 0; k < kTracks; ++k) record.write(taken * kTracks + k, changes[k]);
      }
      std::fill_n(record.slots + 2 * taken * kTracks, 2 * (asked - taken) * kTracks, kBroken);
      close(line, slots);
      return NEURALSTACK_OK;
    });
  }

  // The backward pass of one step, in place.
  int undo(const int32_t* times, const Real* batch_read_cotangent, const Real* batch_values,
           const Record<const int32_t, const double>& batch_record, const Line& batch_line, Real* batch_of_values,
           double* batch_of_strengths, const Actions<Real>& batch_cotangent) const {
    return for_each(batch_, [&](int64_t i) {
      const Line line = of(batch_line, i);
      const auto record = of(batch_record, i);
      const int64_t time = times[i], place = time * kTracks;
      const bool inside = 0 <= time && time < length_;
      const auto cotangent = at_step(batch_cotangent, i);
      if (inside && record.slots[2 * place] == kBroken) {
        fill(cotangent.push, 0, 1, 1, kNaN);
        fill(cotangent.pop, 0, 1, 1, kNaN);
        fill(cotangent.values, 0, 1, width_, kNaN);
        return NEURALSTACK_OK;
      }
      if (!inside || !fits(line, time + 1) || line.ends[1] - line.ends[0] < kTracks) return NEURALSTACK_NOTHING_TO_UNDO;
      Change changes[kTracks];
      for (int32_t k = 0; k < kTracks; ++k) changes[k] = record.read(place + k);
      Slots slots = open(line);
      const Rows<Real> of_values = values_of(batch_of_values, i);
      const Rows<const Real> of_read{batch_read_cotangent + i * kTracks * width_, width_};
      double* of_strengths = batch_of_strengths + i * places_;
      Memory::back(slots, changes, values_of(batch_values, i), of_read, of_values, of_strengths, cotangent.pop, width_);
      for (int64_t k = 0; k < kTracks; ++k) {
        *cotangent.push[k] = static_cast<Real>(of_strengths[place + k]);
        std::copy_n(of_values[place + k], width_, cotangent.values[k]);
      }
      close(line, slots);
      return NEURALSTACK_OK;
    });
  }

 private:
  static constexpr int32_t kTracks = Memory::kTracks;
  static constexpr Real kNaN = std::numeric_limits<Real>::quiet_NaN();

  // A sequence on its way: its line, and how many of the steps that were asked for it can take.
  struct Sequence {
    int64_t number;
    ActionRows<const Real> actions;
    Slots slots;
    int64_t asked;
    int64_t taken;
    std::vector<int32_t> elements;
    std::vector<double> strengths;
  };

  // The sequences from `first` to just before `last`, with empty lines.
  std::vector<Sequence> begin(int64_t first, int64_t last, const int32_t* steps, const Given& batch_actions) const {
    std::vector<Sequence> sequences(last - first);
    for (int64_t i = first; i < last; ++i) {
      Sequence& one = sequences[i - first];
      one.number = i;
      one.actions = of(batch_actions, i);
      one.asked = one.taken = bounded(steps[i]);
      one.elements.resize(places_);
      one.strengths.resize(places_);
      one.slots = {one.elements.data(), one.strengths.data(), first_, first_};
    }
    return sequences;
  }

  // Calls `act` for each step of each sequence before the first one whose action contains a number that is not finite.
  // All sequences take a step before the next one: where they are interleaved, their rows lie side by side.
  template <typename Act>
  void in_step(std::vector<Sequence>& sequences, const Act& act) const {
    for (int64_t time = 0; time < length_; ++time) {
      for (Sequence& one : sequences) {
        if (time >= one.taken) continue;
        if (finite(one.actions, time)) {
          act(one, time);
        } else {
          one.taken = time;
        }
      }
    }
  }

  int64_t bounded(int32_t steps) const { return std::clamp<int64_t>(steps, 0, length_); }

  // The rows of one sequence in an array of whole sequences with `width` numbers in a row.
  template <typename One>
  Rows<One> rows_of(One* all, int64_t i, int64_t width) const {
    const int64_t first = i / interleaved_ * interleaved_ * places_ + i % interleaved_;
    return {all + first * width, interleaved_ * width};
  }
  template <typename One>
  Rows<One> values_of(One* all, int64_t i) const {
    return rows_of(all, i, width_);
  }
  template <typename One>
  ActionRows<One> of(const Actions<One>& all, int64_t i) const {
    return {rows_of(all.push, i, 1), rows_of(all.pop, i, 1), values_of(all.values, i)};
  }

  // The action of one step of one sequence in arrays of one step.
  template <typename One>
  ActionRows<One> at_step(const Actions<One>& all, int64_t i) const {
    return {{all.push + i * kTracks, 1}, {all.pop + i * kTracks, 1}, {all.values + i * kTracks * width_, width_}};
  }
  Line of(const Line& all, int64_t i) const {
    return {all.elements + i * places_, all.strengths + i * places_, all.ends + i * 2};
  }
  template <typename Slot, typename Strength>
  Record<Slot, Strength> of(const Record<Slot, Strength>& all, int64_t i) const {
    return {all.slots + i * 2 * places_, all.strengths + i * 2 * places_};
  }

  // The rows from those of a step on.
  template <typename One>
  static Rows<One> after(const Rows<One>& rows, int64_t time) {
    return {rows[time * kTracks], rows.stride};
  }
  static Rows<const Real> read_only(const Rows<Real>& rows) { return {rows.first, rows.stride}; }

  // Fills the rows of the steps from `begin` to just before `end`.
  static void fill(const Rows<Real>& rows, int64_t begin, int64_t end, int64_t width, Real number) {
    for (int64_t row = begin * kTracks; row < end * kTracks; ++row) std::fill_n(rows[row], width, number);
  }

  static Slots open(const Line& line) { return {line.elements, line.strengths, line.ends[0], line.ends[1]}; }
  static void close(const Line& line, const Slots& slots) {
    line.ends[0] = slots.low;
    line.ends[1] = slots.high;
  }

  static void take(Slots& slots, int64_t time, const ActionRows<const Real>& actions, Change* changes) {
    Memory::step(slots, static_cast<int32_t>(time), after(actions.push, time), after(actions.pop, time), changes);
  }

  bool finite(const ActionRows<const Real>& actions, int64_t time) const {
    return Memory::finite(after(actions.push, time), after(actions.pop, time), after(actions.values, time), width_);
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
  const int64_t interleaved_ = batch_.interleaved;
  const int64_t places_ = length_ * kTracks;  // strengths of a sequence, and slots of its line
  const int32_t first_ = static_cast<int32_t>(length_ * Memory::kBelow);  // both ends of an empty line
};

}  // namespace neuralstack
