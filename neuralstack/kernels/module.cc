// The stack's kernels as targets that XLA calls, and the Python module that hands them out.
//
// Every operand has the same leading dimensions, those of the batch, whatever `vmap` made of them; the sequences are
// independent. Calls that hold whole sequences share them out among XLA's threads.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "stack.hpp"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

// A handler that takes a thread pool is given XLA's own.
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

// Runs `work(i)` for i below `count`. The calling thread takes part and waits only for work that has begun, so a pool
// whose threads are all busy, or waiting like this one, cannot hold it up.
template <typename Work>
void for_each(ffi::ThreadPool& pool, int64_t count, const Work& work) {
  struct Shared {
    std::atomic<int64_t> next{0};
    std::mutex mutex;
    std::condition_variable finished;
    int64_t done = 0;
  };
  auto shared = std::make_shared<Shared>();
  const Work* job = &work;  // outlives every piece of work that begins: this function waits for those
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

// Brings a result that should lie where its operand lies up to date, should it ever lie elsewhere.
template <typename Operand, typename Result>
void carry_over(const Operand& operand, Result& result) {
  if (operand.untyped_data() != result->untyped_data() && operand.size_bytes() > 0) {
    std::memcpy(result->untyped_data(), operand.untyped_data(), operand.size_bytes());
  }
}

int64_t bounded(int32_t steps, int64_t length) { return std::clamp<int64_t>(steps, 0, length); }

// Every read of a whole sequence.
template <ffi::DataType kReal>
ffi::Error run(ffi::ThreadPool pool, ffi::Buffer<kInt> steps, ffi::Buffer<kReal> push, ffi::Buffer<kReal> pop,
               ffi::Buffer<kReal> values, ffi::ResultBuffer<kReal> reads) {
  using Real = ffi::NativeType<kReal>;
  const int64_t length = last_dimension(push), width = last_dimension(values);
  for_each(pool, static_cast<int64_t>(steps.element_count()), [&](int64_t i) {
    std::vector<int32_t> elements(length);
    std::vector<Real> strengths(length);
    Slots<Real> slots{elements.data(), strengths.data(), 0};
    const int64_t taken = bounded(steps.typed_data()[i], length);
    const Real* pushes = push.typed_data() + i * length;
    const Real* pops = pop.typed_data() + i * length;
    const Real* rows = values.typed_data() + i * length * width;
    Real* out = reads->typed_data() + i * length * width;
    for (int64_t time = 0; time < taken; ++time) {
      step(slots, static_cast<int32_t>(time), pushes[time], pops[time]);
      read(slots, rows, out + time * width, width);
    }
    std::fill(out + taken * width, out + length * width, Real(0));
  });
  return ffi::Error::Success();
}

// The cotangents of a whole sequence's actions. The strengths of every step are found again, which costs little
// beside the values; so the forward pass has nothing to keep.
template <ffi::DataType kReal>
ffi::Error run_backward(ffi::ThreadPool pool, ffi::Buffer<kInt> steps, ffi::Buffer<kReal> push,
                        ffi::Buffer<kReal> pop, ffi::Buffer<kReal> values, ffi::Buffer<kReal> read_cotangents,
                        ffi::ResultBuffer<kReal> push_cotangents, ffi::ResultBuffer<kReal> pop_cotangents,
                        ffi::ResultBuffer<kReal> value_cotangents) {
  using Real = ffi::NativeType<kReal>;
  const int64_t length = last_dimension(push), width = last_dimension(values);
  for_each(pool, static_cast<int64_t>(steps.element_count()), [&](int64_t i) {
    std::vector<int32_t> elements(length);
    std::vector<Real> strengths(length);
    std::vector<Change<Real>> changes(length);
    Slots<Real> slots{elements.data(), strengths.data(), 0};
    const int64_t taken = bounded(steps.typed_data()[i], length);
    const Real* pushes = push.typed_data() + i * length;
    const Real* pops = pop.typed_data() + i * length;
    const Real* rows = values.typed_data() + i * length * width;
    const Real* given = read_cotangents.typed_data() + i * length * width;
    Real* of_strengths = push_cotangents->typed_data() + i * length;
    Real* of_pops = pop_cotangents->typed_data() + i * length;
    Real* of_values = value_cotangents->typed_data() + i * length * width;
    std::fill(of_strengths, of_strengths + length, Real(0));
    std::fill(of_pops, of_pops + length, Real(0));
    std::fill(of_values, of_values + length * width, Real(0));
    for (int64_t time = 0; time < taken; ++time) {
      changes[time] = step(slots, static_cast<int32_t>(time), pushes[time], pops[time]);
    }
    for (int64_t time = taken - 1; time >= 0; --time) {
      read_backward(slots, rows, given + time * width, of_values, of_strengths, width);
      of_pops[time] = step_backward(slots, changes[time], of_strengths);
    }
  });
  return ffi::Error::Success();
}

// One step of every sequence, in place: the value is logged, the slots change, the top is read.
template <ffi::DataType kReal>
ffi::Error step_forward(ffi::Buffer<kInt> time, ffi::Buffer<kReal> push, ffi::Buffer<kReal> pop,
                        ffi::Buffer<kReal> value, ffi::Buffer<kReal> values, ffi::Buffer<kInt> elements,
                        ffi::Buffer<kReal> strengths, ffi::Buffer<kInt> count, ffi::ResultBuffer<kReal> read_out,
                        ffi::ResultBuffer<kReal> new_values, ffi::ResultBuffer<kInt> new_elements,
                        ffi::ResultBuffer<kReal> new_strengths, ffi::ResultBuffer<kInt> new_count) {
  using Real = ffi::NativeType<kReal>;
  const int64_t length = last_dimension(elements), width = last_dimension(value);
  carry_over(values, new_values);
  carry_over(elements, new_elements);
  carry_over(strengths, new_strengths);
  carry_over(count, new_count);
  for (int64_t i = 0; i < static_cast<int64_t>(time.element_count()); ++i) {
    const int32_t now = time.typed_data()[i];
    Slots<Real> slots{new_elements->typed_data() + i * length, new_strengths->typed_data() + i * length,
                      new_count->typed_data()[i]};
    if (now < 0 || now >= length || slots.count < 0 || slots.count > now) {
      return ffi::Error::InvalidArgument("a stack was stepped beyond its room, or out of order");
    }
    Real* rows = new_values->typed_data() + i * length * width;
    std::copy_n(value.typed_data() + i * width, width, rows + now * width);
    step(slots, now, push.typed_data()[i], pop.typed_data()[i]);
    read(slots, rows, read_out->typed_data() + i * width, width);
    new_count->typed_data()[i] = slots.count;
  }
  return ffi::Error::Success();
}

// The slots after a whole sequence, and what each step changed: where its backward pass begins.
template <ffi::DataType kReal>
ffi::Error replay(ffi::Buffer<kInt> steps, ffi::Buffer<kReal> push, ffi::Buffer<kReal> pop,
                  ffi::ResultBuffer<kInt> elements, ffi::ResultBuffer<kReal> strengths,
                  ffi::ResultBuffer<kInt> count, ffi::ResultBuffer<kInt> changed_slots,
                  ffi::ResultBuffer<kReal> changed_strengths) {
  using Real = ffi::NativeType<kReal>;
  const int64_t length = last_dimension(push);
  for (auto* result : {&elements, &changed_slots}) std::memset((*result)->untyped_data(), 0, (*result)->size_bytes());
  for (auto* result : {&strengths, &changed_strengths}) {
    std::memset((*result)->untyped_data(), 0, (*result)->size_bytes());
  }
  for (int64_t i = 0; i < static_cast<int64_t>(steps.element_count()); ++i) {
    Slots<Real> slots{elements->typed_data() + i * length, strengths->typed_data() + i * length, 0};
    int32_t* of_slots = changed_slots->typed_data() + i * length * 2;
    Real* of_strengths = changed_strengths->typed_data() + i * length * 2;
    for (int64_t time = 0; time < bounded(steps.typed_data()[i], length); ++time) {
      const Change<Real> change = step(slots, static_cast<int32_t>(time), push.typed_data()[i * length + time],
                                                pop.typed_data()[i * length + time]);
      of_slots[2 * time] = change.count;
      of_slots[2 * time + 1] = change.element;
      of_strengths[2 * time] = change.strength;
      of_strengths[2 * time + 1] = change.trimmed;
    }
    count->typed_data()[i] = slots.count;
  }
  return ffi::Error::Success();
}

// Goes back over one step of every sequence, in place.
template <ffi::DataType kReal>
ffi::Error step_back(ffi::Buffer<kInt> time, ffi::Buffer<kReal> read_cotangent, ffi::Buffer<kReal> values,
                     ffi::Buffer<kInt> changed_slots, ffi::Buffer<kReal> changed_strengths,
                     ffi::Buffer<kInt> elements, ffi::Buffer<kReal> strengths, ffi::Buffer<kInt> count,
                     ffi::Buffer<kReal> value_cotangents, ffi::Buffer<kReal> strength_cotangents,
                     ffi::ResultBuffer<kReal> push_cotangent, ffi::ResultBuffer<kReal> pop_cotangent,
                     ffi::ResultBuffer<kReal> value_cotangent, ffi::ResultBuffer<kInt> new_elements,
                     ffi::ResultBuffer<kReal> new_strengths, ffi::ResultBuffer<kInt> new_count,
                     ffi::ResultBuffer<kReal> new_value_cotangents,
                     ffi::ResultBuffer<kReal> new_strength_cotangents) {
  using Real = ffi::NativeType<kReal>;
  const int64_t length = last_dimension(elements), width = last_dimension(read_cotangent);
  carry_over(elements, new_elements);
  carry_over(strengths, new_strengths);
  carry_over(count, new_count);
  carry_over(value_cotangents, new_value_cotangents);
  carry_over(strength_cotangents, new_strength_cotangents);
  for (int64_t i = 0; i < static_cast<int64_t>(time.element_count()); ++i) {
    const int32_t now = time.typed_data()[i];
    Slots<Real> slots{new_elements->typed_data() + i * length, new_strengths->typed_data() + i * length,
                      new_count->typed_data()[i]};
    if (now < 0 || now >= length || slots.count < 1 || slots.count > now + 1) {
      return ffi::Error::InvalidArgument("a stack was stepped back beyond its beginning, or out of order");
    }
    const int32_t* of_slots = changed_slots.typed_data() + (i * length + now) * 2;
    const Real* of_strengths = changed_strengths.typed_data() + (i * length + now) * 2;
    const Change<Real> change{of_slots[0], of_slots[1], of_strengths[0], of_strengths[1]};
    Real* gradients = new_value_cotangents->typed_data() + i * length * width;
    Real* of_elements = new_strength_cotangents->typed_data() + i * length;
    read_backward(slots, values.typed_data() + i * length * width, read_cotangent.typed_data() + i * width, gradients,
                  of_elements, width);
    pop_cotangent->typed_data()[i] = step_backward(slots, change, of_elements);
    push_cotangent->typed_data()[i] = of_elements[now];
    std::copy_n(gradients + now * width, width, value_cotangent->typed_data() + i * width);
    new_count->typed_data()[i] = slots.count;
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

constexpr Target kTargets[] = {
    {"run_float32", call<run<kFloat>>},
    {"run_float64", call<run<kDouble>>},
    {"run_backward_float32", call<run_backward<kFloat>>},
    {"run_backward_float64", call<run_backward<kDouble>>},
    {"step_forward_float32", call<step_forward<kFloat>>},
    {"step_forward_float64", call<step_forward<kDouble>>},
    {"replay_float32", call<replay<kFloat>>},
    {"replay_float64", call<replay<kDouble>>},
    {"step_back_float32", call<step_back<kFloat>>},
    {"step_back_float64", call<step_back<kDouble>>},
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

PyMethodDef kMethods[] = {
    {"targets", targets, METH_NOARGS, "Return the kernels, by name, as capsules for jax.ffi."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef kModule = {PyModuleDef_HEAD_INIT, "_native", nullptr, -1, kMethods, nullptr, nullptr, nullptr, nullptr};

}  // namespace
}  // namespace neuralstack

PyMODINIT_FUNC PyInit__native() { return PyModule_Create(&neuralstack::kModule); }
