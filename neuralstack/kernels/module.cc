// The kernels of stack, queue and DeQue as XLA custom-call targets, and the Python module that exports them.
//
// Every operand has the same leading dimensions, those of the batch, however `vmap` was nested; the sequences are
// independent. Calls that take whole sequences distribute them over XLA's threads.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "memory.hpp"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

// Passes XLA's own thread pool to a handler that takes one.
template <>
struct ffi::CtxBinding<ffi::ThreadPool> {
  using Ctx = ffi::ThreadPool;
};

namespace neuralstack {
namespace {

constexpr ffi::DataType kInt = ffi::DataType::S32;

template <typename Buffer>
int64_t last_dimension(const Buffer& buffer) {
  return buffer.dimensions().back();
}

// Runs `work(i)` for i below `count`. The calling thread takes part and waits only for work that has started, so a pool
// whose threads are all busy, or waiting like this one, cannot block it.
template <typename Work>
void for_each(ffi::ThreadPool& pool, int64_t count, const Work& work) {
  struct Shared {
    std::atomic<int64_t> next{0};
    std::mutex mutex;
    std::condition_variable finished;
    int64_t done = 0;
  };
  auto shared = std::make_shared<Shared>();
  const Work* job = &work;  // outlives every started piece of work: this function waits for all of them
  auto take = [shared, count, job] {
    int64_t mine = 0;
    for (int64_t i; (i = shared->next.fetch_add(1)) < count; ++mine) (*job)(i);
    if (mine == 0) return;
    std::lock_guard<std::mutex> lock(shared->mutex);
    shared->done += mine;
    if (shared->done == count) shared->finished.notify_one();
  };
  const int64_t helpers = std::min(pool.num_threads(), count) - 1;
  for (int64_t i = 0; i < helpers; ++i) pool.Schedule(decltype(take)(take));
  take();
  std::unique_lock<std::mutex> lock(shared->mutex);
  shared->finished.wait(lock, [&] { return shared->done == count; });
}

// Copies an operand to the result that aliases it, in case XLA did not place both at the same address.
template <typename Operand, typename Result>
void carry_over(const Operand& operand, Result& result) {
  if (operand.untyped_data() != result->untyped_data() && operand.size_bytes() > 0) {
    std::memcpy(result->untyped_data(), operand.untyped_data(), operand.size_bytes());
  }
}

// Strengths and their cotangents are doubles even if JAX has float64 disabled: their bits are passed as integer pairs.
double* doubles(int32_t* pairs) { return reinterpret_cast<double*>(pairs); }

// Replaces the ends of the line from the first step whose action contains a number that is not finite.
constexpr int32_t kBroken = -1;

template <typename Real>
void fill_nan(Real* first, Real* last) {
  std::fill(first, last, std::numeric_limits<Real>::quiet_NaN());
}

int64_t bounded(int32_t steps, int64_t length) { return std::clamp<int64_t>(steps, 0, length); }

// The dimensions of a call's operands, which depend on its memory and on the maximum number of steps.
template <typename Memory>
struct Shape {
  int64_t length;  // steps
  int64_t width;   // of a value
  int64_t batch;   // sequences

  // Strengths have the shape [..., steps, tracks], values the shape [..., steps, tracks, width].
  template <typename Steps, typename Strengths, typename Values>
  static Shape of(const Steps& steps, const Strengths& strengths, const Values& values) {
    const auto dimensions = strengths.dimensions();
    return {dimensions[dimensions.size() - 2], last_dimension(values), static_cast<int64_t>(steps.element_count())};
  }

  // The same for a call that takes one step of every sequence.
  template <typename Time, typename Values>
  static Shape of_step(const Time& time, const Values& values) {
    const auto dimensions = values.dimensions();
    return {dimensions[dimensions.size() - 3], last_dimension(values), static_cast<int64_t>(time.element_count())};
  }

  // The number of a sequence's steps before the first one that contains a number that is not finite.
  template <typename Real>
  int64_t finite_steps(const Real* pushes, const Real* pops, const Real* rows, int64_t steps) const {
    int64_t time = 0;
    for (; time < steps; ++time) {
      const int64_t place = time * Memory::kTracks;
      if (!Memory::finite(pushes + place, pops + place, rows + place * width, width)) break;
    }
    return time;
  }

  // Whether the ends of the slots are possible after `taken` steps of a sequence.
  bool fits(const Slots& slots, int64_t taken) const {
    return slots.low <= slots.high && slots.low >= Memory::kBelow * (length - taken) &&
           slots.high <= Memory::kBelow * length + (Memory::kTracks - Memory::kBelow) * taken;
  }

  // The slots of sequence `i` of the batch, between its ends.
  Slots slots(int32_t* elements, double* strengths, const int32_t* ends, int64_t i) const {
    return {elements + i * this->strengths(), strengths + i * this->strengths(), ends[0], ends[1]};
  }

  // Counts for one sequence: there is a strength, and a slot, for each track at each step.
  int64_t strengths() const { return length * Memory::kTracks; }
  int64_t values() const { return strengths() * width; }
  int32_t first() const { return static_cast<int32_t>(length * Memory::kBelow); }
};

// Every read of a whole sequence.
template <typename Memory, ffi::DataType kReal>
ffi::Error run(ffi::ThreadPool pool, ffi::Buffer<kInt> steps, ffi::Buffer<kReal> push, ffi::Buffer<kReal> pop,
               ffi::Buffer<kReal> values, ffi::ResultBuffer<kReal> reads) {
  using Real = ffi::NativeType<kReal>;
  const auto shape = Shape<Memory>::of(steps, push, values);
  for_each(pool, shape.batch, [&](int64_t i) {
    std::vector<int32_t> elements(shape.strengths());
    std::vector<double> strengths(shape.strengths());
    Slots slots{elements.data(), strengths.data(), shape.first(), shape.first()};
    const Real* pushes = push.typed_data() + i * shape.strengths();
    const Real* pops = pop.typed_data() + i * shape.strengths();
    const Real* rows = values.typed_data() + i * shape.values();
    const int64_t asked = bounded(steps.typed_data()[i], shape.length);
    const int64_t taken = shape.finite_steps(pushes, pops, rows, asked);
    Real* out = reads->typed_data() + i * shape.values();
    Change changes[Memory::kTracks];
    for (int64_t time = 0; time < taken; ++time) {
      const int64_t place = time * Memory::kTracks;
      Memory::step(slots, static_cast<int32_t>(time), pushes + place, pops + place, changes);
      Memory::reads(slots, rows, out + place * shape.width, shape.width);
    }
    const int64_t row = Memory::kTracks * shape.width;
    fill_nan(out + taken * row, out + asked * row);
    std::fill(out + asked * row, out + shape.values(), Real(0));
  });
  return ffi::Error::Success();
}

// The cotangents of a whole sequence's actions. The strengths of every step are recomputed, which is cheap compared
// with the work on the values, so the forward pass stores nothing.
template <typename Memory, ffi::DataType kReal>
ffi::Error run_backward(ffi::ThreadPool pool, ffi::Buffer<kInt> steps, ffi::Buffer<kReal> push,
                        ffi::Buffer<kReal> pop, ffi::Buffer<kReal> values, ffi::Buffer<kReal> read_cotangents,
                        ffi::ResultBuffer<kReal> push_cotangents, ffi::ResultBuffer<kReal> pop_cotangents,
                        ffi::ResultBuffer<kReal> value_cotangents) {
  using Real = ffi::NativeType<kReal>;
  const auto shape = Shape<Memory>::of(steps, push, values);
  for_each(pool, shape.batch, [&](int64_t i) {
    std::vector<int32_t> elements(shape.strengths());
    std::vector<double> strengths(shape.strengths());
    std::vector<Change> changes(shape.strengths());
    Slots slots{elements.data(), strengths.data(), shape.first(), shape.first()};
    const Real* pushes = push.typed_data() + i * shape.strengths();
    const Real* pops = pop.typed_data() + i * shape.strengths();
    const Real* rows = values.typed_data() + i * shape.values();
    const int64_t asked = bounded(steps.typed_data()[i], shape.length);
    const int64_t taken = shape.finite_steps(pushes, pops, rows, asked);
    const Real* given = read_cotangents.typed_data() + i * shape.values();
    // The cotangent of an element's strength has the index of its push.
    std::vector<double> of_strengths(shape.strengths());
    Real* of_pushes = push_cotangents->typed_data() + i * shape.strengths();
    Real* of_pops = pop_cotangents->typed_data() + i * shape.strengths();
    Real* of_values = value_cotangents->typed_data() + i * shape.values();
    std::fill(of_pops, of_pops + shape.strengths(), Real(0));
    std::fill(of_values, of_values + shape.values(), Real(0));
    for (int64_t time = 0; time < taken; ++time) {
      const int64_t place = time * Memory::kTracks;
      Memory::step(slots, static_cast<int32_t>(time), pushes + place, pops + place, &changes[place]);
    }
    for (int64_t time = taken - 1; time >= 0; --time) {
      const int64_t place = time * Memory::kTracks;
      Memory::back(slots, &changes[place], rows, given + place * shape.width, of_values, of_strengths.data(),
                   of_pops + place, shape.width);
    }
    std::copy(of_strengths.begin(), of_strengths.end(), of_pushes);
    for (Real* of_part : {of_pushes, of_pops}) {
      fill_nan(of_part + taken * Memory::kTracks, of_part + asked * Memory::kTracks);
    }
    const int64_t row = Memory::kTracks * shape.width;
    fill_nan(of_values + taken * row, of_values + asked * row);
  });
  return ffi::Error::Success();
}

// One step of every sequence, in place: stores the values, changes the slots and reads the ends.
template <typename Memory, ffi::DataType kReal>
ffi::Error step_forward(ffi::Buffer<kInt> time, ffi::Buffer<kReal> push, ffi::Buffer<kReal> pop,
                        ffi::Buffer<kReal> value, ffi::Buffer<kReal> values, ffi::Buffer<kInt> elements,
                        ffi::Buffer<kInt> strengths, ffi::Buffer<kInt> ends, ffi::ResultBuffer<kReal> read_out,
                        ffi::ResultBuffer<kReal> new_values, ffi::ResultBuffer<kInt> new_elements,
                        ffi::ResultBuffer<kInt> new_strengths, ffi::ResultBuffer<kInt> new_ends) {
  using Real = ffi::NativeType<kReal>;
  const auto shape = Shape<Memory>::of_step(time, values);
  const int64_t row = Memory::kTracks * shape.width;
  carry_over(values, new_values);
  carry_over(elements, new_elements);
  carry_over(strengths, new_strengths);
  carry_over(ends, new_ends);
  for (int64_t i = 0; i < shape.batch; ++i) {
    const int32_t now = time.typed_data()[i];
    int32_t* line = new_ends->typed_data() + i * 2;
    auto slots = shape.slots(new_elements->typed_data(), doubles(new_strengths->typed_data()), line, i);
    const bool broken = line[0] == kBroken && line[1] == kBroken;
    if (now < 0 || now >= shape.length || !(broken || shape.fits(slots, now))) {
      return ffi::Error::InvalidArgument("a memory was stepped beyond its room, or out of order");
    }
    const Real* pushes = push.typed_data() + i * Memory::kTracks;
    const Real* pops = pop.typed_data() + i * Memory::kTracks;
    if (broken || !Memory::finite(pushes, pops, value.typed_data() + i * row, shape.width)) {
      fill_nan(read_out->typed_data() + i * row, read_out->typed_data() + (i + 1) * row);
      line[0] = line[1] = kBroken;
      continue;
    }
    Real* rows = new_values->typed_data() + i * shape.values();
    std::copy_n(value.typed_data() + i * row, row, rows + now * row);
    Change changes[Memory::kTracks];
    Memory::step(slots, now, pushes, pops, changes);
    Memory::reads(slots, rows, read_out->typed_data() + i * row, shape.width);
    line[0] = slots.low;
    line[1] = slots.high;
  }
  return ffi::Error::Success();
}

// The slots after a whole sequence, and the changes made by each step: the start of its backward pass.
template <typename Memory, ffi::DataType kReal>
ffi::Error replay(ffi::Buffer<kInt> steps, ffi::Buffer<kReal> push, ffi::Buffer<kReal> pop, ffi::Buffer<kReal> values,
                  ffi::ResultBuffer<kInt> elements, ffi::ResultBuffer<kInt> strengths, ffi::ResultBuffer<kInt> ends,
                  ffi::ResultBuffer<kInt> changed_slots, ffi::ResultBuffer<kInt> changed_strengths) {
  using Real = ffi::NativeType<kReal>;
  const auto shape = Shape<Memory>::of(steps, push, values);
  for (auto* result : {&elements, &strengths, &changed_slots, &changed_strengths}) {
    std::memset((*result)->untyped_data(), 0, (*result)->size_bytes());
  }
  for (int64_t i = 0; i < shape.batch; ++i) {
    const int32_t first[] = {shape.first(), shape.first()};
    auto slots = shape.slots(elements->typed_data(), doubles(strengths->typed_data()), first, i);
    const Real* pushes = push.typed_data() + i * shape.strengths();
    const Real* pops = pop.typed_data() + i * shape.strengths();
    int32_t* of_slots = changed_slots->typed_data() + i * shape.strengths() * 2;
    double* of_strengths = doubles(changed_strengths->typed_data()) + i * shape.strengths() * 2;
    const int64_t asked = bounded(steps.typed_data()[i], shape.length);
    const int64_t taken = shape.finite_steps(pushes, pops, values.typed_data() + i * shape.values(), asked);
    std::fill(of_slots + taken * Memory::kTracks * 2, of_slots + asked * Memory::kTracks * 2, kBroken);
    for (int64_t time = 0; time < taken; ++time) {
      const int64_t place = time * Memory::kTracks;
      Change changes[Memory::kTracks];
      Memory::step(slots, static_cast<int32_t>(time), pushes + place, pops + place, changes);
      for (int64_t k = 0; k < Memory::kTracks; ++k) {
        of_slots[2 * (place + k)] = changes[k].popped.end;
        of_slots[2 * (place + k) + 1] = changes[k].pushed.element;
        of_strengths[2 * (place + k)] = changes[k].popped.trimmed;
        of_strengths[2 * (place + k) + 1] = changes[k].pushed.strength;
      }
    }
    ends->typed_data()[2 * i] = slots.low;
    ends->typed_data()[2 * i + 1] = slots.high;
  }
  return ffi::Error::Success();
}

// The backward pass of one step of every sequence, in place.
template <typename Memory, ffi::DataType kReal>
ffi::Error step_back(ffi::Buffer<kInt> time, ffi::Buffer<kReal> read_cotangent, ffi::Buffer<kReal> values,
                     ffi::Buffer<kInt> changed_slots, ffi::Buffer<kInt> changed_strengths,
                     ffi::Buffer<kInt> elements, ffi::Buffer<kInt> strengths, ffi::Buffer<kInt> ends,
                     ffi::Buffer<kReal> value_cotangents, ffi::Buffer<kInt> strength_cotangents,
                     ffi::ResultBuffer<kReal> push_cotangent, ffi::ResultBuffer<kReal> pop_cotangent,
                     ffi::ResultBuffer<kReal> value_cotangent, ffi::ResultBuffer<kInt> new_elements,
                     ffi::ResultBuffer<kInt> new_strengths, ffi::ResultBuffer<kInt> new_ends,
                     ffi::ResultBuffer<kReal> new_value_cotangents,
                     ffi::ResultBuffer<kInt> new_strength_cotangents) {
  using Real = ffi::NativeType<kReal>;
  const auto shape = Shape<Memory>::of_step(time, values);
  const int64_t row = Memory::kTracks * shape.width;
  carry_over(elements, new_elements);
  carry_over(strengths, new_strengths);
  carry_over(ends, new_ends);
  carry_over(value_cotangents, new_value_cotangents);
  carry_over(strength_cotangents, new_strength_cotangents);
  for (int64_t i = 0; i < shape.batch; ++i) {
    const int32_t now = time.typed_data()[i];
    int32_t* line = new_ends->typed_data() + i * 2;
    auto slots = shape.slots(new_elements->typed_data(), doubles(new_strengths->typed_data()), line, i);
    const bool inside = 0 <= now && now < shape.length;
    const int64_t place = (i * shape.length + now) * Memory::kTracks * 2;
    const int32_t* of_slots = changed_slots.typed_data() + place;
    if (inside && *of_slots == kBroken) {
      for (auto* result : {&push_cotangent, &pop_cotangent}) {
        fill_nan((*result)->typed_data() + i * Memory::kTracks, (*result)->typed_data() + (i + 1) * Memory::kTracks);
      }
      fill_nan(value_cotangent->typed_data() + i * row, value_cotangent->typed_data() + (i + 1) * row);
      continue;
    }
    if (!inside || !shape.fits(slots, now + 1) || slots.high - slots.low < Memory::kTracks) {
      return ffi::Error::InvalidArgument("a memory was stepped back beyond its beginning, or out of order");
    }
    const double* of_strengths = doubles(changed_strengths.typed_data()) + place;
    Change changes[Memory::kTracks];
    for (int64_t k = 0; k < Memory::kTracks; ++k) {
      changes[k] = {{of_slots[2 * k], of_strengths[2 * k]}, {of_slots[2 * k + 1], of_strengths[2 * k + 1]}};
    }
    Real* gradients = new_value_cotangents->typed_data() + i * shape.values();
    double* of_elements = doubles(new_strength_cotangents->typed_data()) + i * shape.strengths();
    Memory::back(slots, changes, values.typed_data() + i * shape.values(), read_cotangent.typed_data() + i * row,
                 gradients, of_elements, pop_cotangent->typed_data() + i * Memory::kTracks, shape.width);
    std::copy_n(of_elements + now * Memory::kTracks, Memory::kTracks,
                push_cotangent->typed_data() + i * Memory::kTracks);
    std::copy_n(gradients + now * row, row, value_cotangent->typed_data() + i * row);
    line[0] = slots.low;
    line[1] = slots.high;
  }
  return ffi::Error::Success();
}

template <auto kHandler>
XLA_FFI_Error* call(XLA_FFI_CallFrame* frame) {
  static const auto* handler = ffi::Ffi::BindTo(kHandler).release();
  return handler->Call(frame);
}

struct Target {
  const char* name;
  XLA_FFI_Error* (*call)(XLA_FFI_CallFrame*);
};

constexpr ffi::DataType kFloat = ffi::DataType::F32, kDouble = ffi::DataType::F64;

// The five kernels of a memory, for one type of numbers.
#define NEURALSTACK_TARGETS(name, memory, type, real)                   \
  {name "_run_" type, call<run<memory, real>>},                         \
      {name "_run_backward_" type, call<run_backward<memory, real>>},   \
      {name "_step_forward_" type, call<step_forward<memory, real>>},   \
      {name "_replay_" type, call<replay<memory, real>>}, {             \
    name "_step_back_" type, call<step_back<memory, real>>              \
  }

constexpr Target kTargets[] = {
    NEURALSTACK_TARGETS("stack", Stack, "float32", kFloat), NEURALSTACK_TARGETS("stack", Stack, "float64", kDouble),
    NEURALSTACK_TARGETS("queue", Queue, "float32", kFloat), NEURALSTACK_TARGETS("queue", Queue, "float64", kDouble),
    NEURALSTACK_TARGETS("deque", Deque, "float32", kFloat), NEURALSTACK_TARGETS("deque", Deque, "float64", kDouble),
};

PyObject* targets(PyObject*, PyObject*) {
  PyObject* found = PyDict_New();
  if (found == nullptr) return nullptr;
  for (const Target& target : kTargets) {
    PyObject* capsule = PyCapsule_New(reinterpret_cast<void*>(target.call), nullptr, nullptr);
    const bool failed = capsule == nullptr || PyDict_SetItemString(found, target.name, capsule) != 0;
    Py_XDECREF(capsule);
    if (failed) {
      Py_DECREF(found);
      return nullptr;
    }
  }
  return found;
}

// The version of XLA's interface that these kernels were compiled for; an XLA that offers an older one rejects them.
PyObject* api_version(PyObject*, PyObject*) { return Py_BuildValue("(ii)", XLA_FFI_API_MAJOR, XLA_FFI_API_MINOR); }

PyMethodDef kMethods[] = {
    {"api_version", api_version, METH_NOARGS, "Return the version of XLA's interface: major and minor."},
    {"targets", targets, METH_NOARGS, "Return the kernels, by name, as capsules for jax.ffi."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef kModule = {PyModuleDef_HEAD_INIT, "_native", nullptr, -1, kMethods, nullptr, nullptr, nullptr, nullptr};

}  // namespace
}  // namespace neuralstack

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&neuralstack::kModule); }
