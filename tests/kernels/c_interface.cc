// A test of the C interface of the kernels without Python: `make sanitize` builds it with sanitizers and runs it.
//
// Batches of random sizes and strengths, good and bad, go through it whole, on several threads, and step by step. All
// ways give the same numbers, and the sanitizers watch that no other memory is touched. Each array is an allocation of
// exactly its size.

#include "../../neuralstack/kernels/neuralstack.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <new>
#include <random>
#include <thread>
#include <vector>

namespace {

bool out_of_memory = false;
std::mt19937 generator(0);

#define REQUIRE(condition)                                              \
  do {                                                                  \
    if (!(condition)) {                                                 \
      std::printf("%s:%d: not %s\n", __FILE__, __LINE__, #condition);   \
      std::exit(1);                                                     \
    }                                                                   \
  } while (false)

int64_t one_of(std::initializer_list<int64_t> choices) {
  return choices.begin()[std::uniform_int_distribution<size_t>(0, choices.size() - 1)(generator)];
}

// Calls the work on as many threads as `context` says.
void on_threads(void* context, int64_t count, neuralstack_work work, void* data) {
  std::atomic<int64_t> next{0};
  const auto take = [&] {
    for (int64_t i; (i = next++) < count;) work(data, i);
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < *static_cast<int*>(context); ++i) threads.emplace_back(take);
  for (auto& thread : threads) thread.join();
}
int four = 4;

template <typename Real>
using Numbers = std::vector<Real>;

// Whether two arrays hold the same numbers, or NaN at the same places.
template <typename Real>
bool same(const Numbers<Real>& one, const Numbers<Real>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](Real a, Real b) { return a == b || (std::isnan(a) && std::isnan(b)); });
}

// Strengths of a kind: ordinary, on the edges, tiny, out of range, not finite.
template <typename Real>
Numbers<Real> strengths(int64_t count, int64_t kind) {
  using Limits = std::numeric_limits<Real>;
  const Real edges[] = {0, 1, Real(0.5)}, tiny[] = {Limits::denorm_min(), Limits::min(), Limits::epsilon()};
  const Real wild[] = {-1, 2, Limits::max(), Limits::lowest(), Real(0.3)};
  const Real broken[] = {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()};
  std::uniform_real_distribution<Real> uniform(0, 1);
  Numbers<Real> drawn(count);
  for (Real& number : drawn) {
    number = uniform(generator);
    const int64_t pick = one_of({0, 1, 2});
    if (kind == 1) number = edges[pick];
    if (kind == 2) number = tiny[pick];
    if (kind == 3) number = wild[one_of({0, 1, 2, 3, 4})];
    if (kind == 4 && one_of({0, 1, 2, 3, 4, 5, 6, 7}) == 0) number = broken[pick];
  }
  return drawn;
}

template <typename Real>
struct Problem {
  neuralstack_batch batch;
  int64_t tracks = batch.memory == NEURALSTACK_DEQUE ? 2 : 1;
  int64_t places = batch.sequences * batch.length * tracks;
  int64_t row = tracks * batch.width;
  int64_t kind = one_of({0, 1, 2, 3, 4});
  Numbers<Real> push = strengths<Real>(places, kind), pop = strengths<Real>(places, kind);
  Numbers<Real> values = strengths<Real>(places * batch.width, kind == 4 ? 4 : 0);
  Numbers<Real> of_reads = strengths<Real>(places * batch.width, 0);
  std::vector<int32_t> steps = std::vector<int32_t>(batch.sequences);

  // The parts of all sequences that belong to one step.
  template <typename Number>
  std::vector<Number> at(const std::vector<Number>& array, int64_t time, int64_t size) const {
    std::vector<Number> part;
    for (int64_t i = 0; i < batch.sequences; ++i) {
      const auto first = array.begin() + (i * batch.length + time) * size;
      part.insert(part.end(), first, first + size);
    }
    part.shrink_to_fit();
    return part;
  }

  Numbers<Real> forward() const {
    Numbers<Real> reads(values.size());
    REQUIRE(neuralstack_forward(&batch, steps.data(), push.data(), pop.data(), values.data(), reads.data()) == 0);
    return reads;
  }

  std::vector<Numbers<Real>> backward() const {
    Numbers<Real> of_push(push.size()), of_pop(pop.size()), of_values(values.size());
    REQUIRE(neuralstack_backward(&batch, steps.data(), push.data(), pop.data(), values.data(), of_reads.data(),
                                 of_push.data(), of_pop.data(), of_values.data()) == 0);
    return {of_push, of_pop, of_values};
  }

  // Steps through all sequences and compares each read with those of the forward pass.
  void step_through(const Numbers<Real>& reads) const {
    Numbers<Real> stored(values.size()), read(batch.sequences * row);
    std::vector<int32_t> elements(places);
    std::vector<double> left(places);
    std::vector<int32_t> ends(2 * batch.sequences, batch.memory == NEURALSTACK_DEQUE ? int32_t(batch.length) : 0);
    const auto step = [&](int64_t time, int64_t of) {
      const std::vector<int32_t> times(batch.sequences, int32_t(time));
      return neuralstack_step(&batch, times.data(), at(push, of, tracks).data(), at(pop, of, tracks).data(),
                              at(values, of, row).data(), stored.data(), elements.data(), left.data(), ends.data(),
                              read.data());
    };
    for (int64_t time = 0; time < batch.length; ++time) {
      REQUIRE(step(time, time) == NEURALSTACK_OK);
      const Numbers<Real> wanted = at(reads, time, row);
      for (int64_t i = 0; i < batch.sequences; ++i) {
        const auto part = [&](const Numbers<Real>& all) {
          return Numbers<Real>(all.begin() + i * row, all.begin() + (i + 1) * row);
        };
        REQUIRE(same(part(wanted), time < steps[i] ? part(read) : Numbers<Real>(row)));
      }
    }
    if (batch.sequences > 0 && batch.length > 0) {
      REQUIRE(step(batch.length, 0) == NEURALSTACK_NO_ROOM);
      REQUIRE(step(-1, 0) == NEURALSTACK_NO_ROOM);
    }
  }

  // Undoes whole sequences step by step and compares with the backward pass.
  void undo_all() {
    const int64_t taken = one_of({0, batch.length / 2, batch.length});
    std::fill(steps.begin(), steps.end(), int32_t(taken));
    std::vector<int32_t> elements(places), ends(2 * batch.sequences), slots(2 * places);
    std::vector<double> left(places), changed(2 * places), of_strengths(places);
    REQUIRE(neuralstack_replay(&batch, steps.data(), push.data(), pop.data(), values.data(), elements.data(),
                               left.data(), ends.data(), slots.data(), changed.data()) == NEURALSTACK_OK);
    const auto wanted = backward();
    Numbers<Real> of_values(values.size());
    Numbers<Real> of_push(batch.sequences * tracks), of_pop(batch.sequences * tracks), of_value(batch.sequences * row);
    const auto undo = [&](int64_t time) {
      const std::vector<int32_t> times(batch.sequences, int32_t(time));
      return neuralstack_undo(&batch, times.data(), at(of_reads, std::max<int64_t>(time, 0), row).data(),
                              values.data(), slots.data(), changed.data(), elements.data(), left.data(), ends.data(),
                              of_values.data(), of_strengths.data(), of_push.data(), of_pop.data(), of_value.data());
    };
    for (int64_t time = taken - 1; time >= 0; --time) {
      REQUIRE(undo(time) == NEURALSTACK_OK);
      REQUIRE(same(of_push, at(wanted[0], time, tracks)));
      REQUIRE(same(of_pop, at(wanted[1], time, tracks)));
      REQUIRE(same(of_value, at(wanted[2], time, row)));
    }
    if (batch.sequences > 0 && batch.length > 0) REQUIRE(undo(-1) == NEURALSTACK_NOTHING_TO_UNDO);
  }

  // The parts of all sequences in groups, in which they are interleaved, and back.
  template <typename Number>
  std::vector<Number> regrouped(const std::vector<Number>& array, int64_t size, int64_t group, bool back) const {
    const int64_t rows = batch.length * tracks, groups = (batch.sequences + group - 1) / group;
    std::vector<Number> moved((back ? batch.sequences : groups * group) * rows * size);
    for (int64_t i = 0; i < batch.sequences; ++i) {
      for (int64_t row_number = 0; row_number < rows; ++row_number) {
        const int64_t plain = (i * rows + row_number) * size;
        const int64_t interleaved = ((i / group * rows + row_number) * group + i % group) * size;
        const auto first = array.begin() + (back ? interleaved : plain);
        std::copy(first, first + size, moved.begin() + (back ? plain : interleaved));
      }
    }
    return moved;
  }

  // Interleaved sequences have the reads and cotangents of those that stand one after the other.
  void interleave(const Numbers<Real>& reads, const std::vector<Numbers<Real>>& cotangents) const {
    for (int64_t group = 2; group <= batch.sequences + 1; ++group) {
      Problem moved = *this;
      moved.batch.interleaved = group;
      moved.push = regrouped(push, 1, group, false);
      moved.pop = regrouped(pop, 1, group, false);
      moved.values = regrouped(values, batch.width, group, false);
      moved.of_reads = regrouped(of_reads, batch.width, group, false);
      REQUIRE(same(regrouped(moved.forward(), batch.width, group, true), reads));
      const auto found = moved.backward();
      for (int part = 0; part < 3; ++part) {
        REQUIRE(same(regrouped(found[part], part == 2 ? batch.width : 1, group, true), cotangents[part]));
      }
    }
  }

  void check() {
    for (int32_t& count : steps) count = int32_t(one_of({-1, 0, 1, batch.length / 2, batch.length, INT32_MAX}));
    const auto reads = forward();
    const auto cotangents = backward();
    batch.parallel_for = on_threads;
    batch.context = &four;
    REQUIRE(same(forward(), reads));
    const auto on_four = backward();
    for (int part = 0; part < 3; ++part) REQUIRE(same(on_four[part], cotangents[part]));
    interleave(reads, cotangents);
    step_through(reads);
    undo_all();
  }
};

neuralstack_batch batch_of(int32_t memory, int32_t dtype, int64_t sequences, int64_t length, int64_t width) {
  return {memory, dtype, sequences, length, width, 1, nullptr, nullptr};
}

int forward_of(neuralstack_batch batch) {
  const int32_t steps = 2;
  const float push[] = {0.8f, 0.5f}, pop[] = {0, 0.1f}, values[] = {1, 2};
  float reads[2] = {};
  const int result = neuralstack_forward(&batch, &steps, push, pop, values, reads);
  if (result == NEURALSTACK_OK) REQUIRE(std::abs(reads[0] - 0.8f) < 1e-6f && std::abs(reads[1] - 1.5f) < 1e-6f);
  return result;
}

void check_results() {
  REQUIRE(neuralstack_version() == NEURALSTACK_VERSION);
  REQUIRE(forward_of(batch_of(NEURALSTACK_STACK, NEURALSTACK_FLOAT32, 1, 2, 1)) == NEURALSTACK_OK);
  REQUIRE(forward_of(batch_of(3, NEURALSTACK_FLOAT32, 1, 2, 1)) == NEURALSTACK_UNKNOWN_KIND);
  REQUIRE(forward_of(batch_of(NEURALSTACK_STACK, -1, 1, 2, 1)) == NEURALSTACK_UNKNOWN_KIND);
  for (int64_t bad : {int64_t(-1), INT64_MIN, INT64_MAX}) {
    REQUIRE(forward_of(batch_of(NEURALSTACK_STACK, NEURALSTACK_FLOAT32, bad, 2, 1)) == NEURALSTACK_BAD_SIZE);
    REQUIRE(forward_of(batch_of(NEURALSTACK_DEQUE, NEURALSTACK_FLOAT64, 1, bad, 1)) == NEURALSTACK_BAD_SIZE);
    REQUIRE(forward_of(batch_of(NEURALSTACK_QUEUE, NEURALSTACK_FLOAT32, 1, 2, bad)) == NEURALSTACK_BAD_SIZE);
  }
  REQUIRE(forward_of(batch_of(NEURALSTACK_DEQUE, NEURALSTACK_FLOAT32, 1, 1 << 30, 1)) == NEURALSTACK_BAD_SIZE);
  out_of_memory = true;
  REQUIRE(forward_of(batch_of(NEURALSTACK_STACK, NEURALSTACK_FLOAT32, 1, 2, 1)) == NEURALSTACK_OUT_OF_MEMORY);
  out_of_memory = false;
  for (int result = -1; result <= NEURALSTACK_NOTHING_TO_UNDO + 1; ++result) REQUIRE(*neuralstack_message(result));
}

}  // namespace

// Memory of this program and of the kernels, which can be made to run out.
void* operator new(size_t size) {
  void* found = out_of_memory ? nullptr : std::malloc(size);
  if (found == nullptr) throw std::bad_alloc();
  return found;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

int main() {
  check_results();
  int passed = 1;
  for (int round = 0; round < 300; ++round) {
    for (int32_t memory : {NEURALSTACK_STACK, NEURALSTACK_QUEUE, NEURALSTACK_DEQUE}) {
      const int64_t sequences = one_of({0, 1, 2, 5}), length = one_of({0, 1, 2, 3, 9, 40}), width = one_of({0, 1, 3, 9});
      Problem<float>{batch_of(memory, NEURALSTACK_FLOAT32, sequences, length, width)}.check();
      Problem<double>{batch_of(memory, NEURALSTACK_FLOAT64, sequences, length, width)}.check();
      passed += 2;
    }
  }
  std::printf("c_interface: %d passed, 0 failed\n", passed);
}
