// The XLA binding: handlers that pass the arrays of an XLA program to the C interface.
//
// Every operand has the same leading dimensions, those of the batch, however `vmap` was nested. Calls that take whole
// sequences forward or backward distribute them over XLA's threads. Strengths that are doubles, and their cotangents,
// are passed as pairs of integers, since JAX need not have float64 enabled.

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "neuralstack.h"
#include "xla/ffi/api/ffi.h"
#include "xla_threads.hpp"

namespace neuralstack {

// An attribute of a call: how many sequences are interleaved in its arrays, 0 if they stand one after the other.
struct Interleaved {
  int64_t sequences;
};

}  // namespace neuralstack

template <>
struct xla::ffi::AttrDecoding<neuralstack::Interleaved> {
  using Type = neuralstack::Interleaved;
  static std::optional<Type> Decode(XLA_FFI_AttrType type, void* attribute, DiagnosticEngine& diagnostic) {
    const auto number = AttrDecoding<int64_t>::Decode(type, attribute, diagnostic);
    return number ? std::optional<Type>({*number}) : std::nullopt;
  }
};
template <>
struct xla::ffi::AttrBinding<neuralstack::Interleaved> {
  using Attr = neuralstack::Interleaved;
  static constexpr std::string_view name() { return "interleaved"; }
};

namespace neuralstack {
namespace {

namespace ffi = xla::ffi;
using Ints = ffi::Buffer<ffi::DataType::S32>;
using IntsOut = ffi::Result<Ints>;
using Reals = ffi::AnyBuffer;
using RealsOut = ffi::Result<Reals>;

template <typename Number, typename Array>
Number* numbers(const Array& array) {
  return static_cast<Number*>(array.untyped_data());
}
int32_t* ints(const Ints& array) { return numbers<int32_t>(array); }
double* doubles(const Ints& array) { return numbers<double>(array); }
void* reals(const Reals& array) { return array.untyped_data(); }

// The batch of a call that has one of `counts` for each sequence, and values of shape [..., length, tracks, width], or
// [..., length, tracks, interleaved, width].
neuralstack_batch batch_of(int32_t memory, const Ints& counts, const Reals& values, int64_t interleaved = 0,
                           ffi::ThreadPool* pool = nullptr) {
  const auto shape = values.dimensions();
  const size_t steps_axis = shape.size() - (interleaved > 0 ? 4 : 3);
  const bool is_double = values.element_type() == ffi::DataType::F64;
  return {memory, is_double ? NEURALSTACK_FLOAT64 : NEURALSTACK_FLOAT32, static_cast<int64_t>(counts.element_count()),
          shape[steps_axis], shape.back(), std::max<int64_t>(interleaved, 1), pool == nullptr ? nullptr : distribute, pool};
}

// Calls `act` if all arrays hold the same type of real numbers.
template <typename Act>
ffi::Error with_reals(std::initializer_list<Reals> arrays, const Act& act) {
  for (const Reals& array : arrays) {
    const auto type = array.element_type();
    if (type != arrays.begin()->element_type() || (type != ffi::DataType::F32 && type != ffi::DataType::F64)) {
      return ffi::Error::InvalidArgument("strengths and values need the same type of numbers, float32 or float64");
    }
  }
  const int result = act();
  return result == NEURALSTACK_OK ? ffi::Error::Success() : ffi::Error::InvalidArgument(neuralstack_message(result));
}

// Copies operands to the results that alias them, in case XLA did not place both at the same address.
template <typename Operand, typename Result>
void carry_over(const Operand& operand, Result result) {
  if (operand.untyped_data() != result->untyped_data() && operand.size_bytes() > 0) {
    std::memcpy(result->untyped_data(), operand.untyped_data(), operand.size_bytes());
  }
}

template <int32_t kMemory>
ffi::Error forward(ffi::ThreadPool pool, Interleaved interleaved, Ints steps, Reals push, Reals pop, Reals values, RealsOut reads) {
  return with_reals({push, pop, values}, [&] {
    const auto batch = batch_of(kMemory, steps, values, interleaved.sequences, &pool);
    return neuralstack_forward(&batch, ints(steps), reals(push), reals(pop), reals(values), reals(*reads));
  });
}

template <int32_t kMemory>
ffi::Error backward(ffi::ThreadPool pool, Interleaved interleaved, Ints steps, Reals push, Reals pop, Reals values, Reals of_reads,
                    RealsOut of_push, RealsOut of_pop, RealsOut of_values) {
  return with_reals({push, pop, values, of_reads}, [&] {
    const auto batch = batch_of(kMemory, steps, values, interleaved.sequences, &pool);
    return neuralstack_backward(&batch, ints(steps), reals(push), reals(pop), reals(values), reals(of_reads),
                                reals(*of_push), reals(*of_pop), reals(*of_values));
  });
}

template <int32_t kMemory>
ffi::Error step(Ints time, Reals push, Reals pop, Reals value, Reals values, Ints elements, Ints strengths, Ints ends,
                RealsOut read, RealsOut new_values, IntsOut new_elements, IntsOut new_strengths, IntsOut new_ends) {
  carry_over(values, new_values);
  carry_over(elements, new_elements);
  carry_over(strengths, new_strengths);
  carry_over(ends, new_ends);
  return with_reals({push, pop, value, values}, [&] {
    const auto batch = batch_of(kMemory, time, values);
    return neuralstack_step(&batch, ints(time), reals(push), reals(pop), reals(value), reals(*new_values),
                            ints(*new_elements), doubles(*new_strengths), ints(*new_ends), reals(*read));
  });
}

template <int32_t kMemory>
ffi::Error replay(Ints steps, Reals push, Reals pop, Reals values, IntsOut elements, IntsOut strengths, IntsOut ends,
                  IntsOut changed_slots, IntsOut changed_strengths) {
  return with_reals({push, pop, values}, [&] {
    const auto batch = batch_of(kMemory, steps, values);
    return neuralstack_replay(&batch, ints(steps), reals(push), reals(pop), reals(values), ints(*elements),
                              doubles(*strengths), ints(*ends), ints(*changed_slots), doubles(*changed_strengths));
  });
}

template <int32_t kMemory>
ffi::Error undo(Ints time, Reals of_read, Reals values, Ints changed_slots, Ints changed_strengths, Ints elements,
                Ints strengths, Ints ends, Reals of_values, Ints of_strengths, RealsOut of_push, RealsOut of_pop,
                RealsOut of_value, IntsOut new_elements, IntsOut new_strengths, IntsOut new_ends,
                RealsOut new_of_values, IntsOut new_of_strengths) {
  carry_over(elements, new_elements);
  carry_over(strengths, new_strengths);
  carry_over(ends, new_ends);
  carry_over(of_values, new_of_values);
  carry_over(of_strengths, new_of_strengths);
  return with_reals({of_read, values, of_values}, [&] {
    const auto batch = batch_of(kMemory, time, values);
    return neuralstack_undo(&batch, ints(time), reals(of_read), reals(values), ints(changed_slots),
                            doubles(changed_strengths), ints(*new_elements), doubles(*new_strengths), ints(*new_ends),
                            reals(*new_of_values), doubles(*new_of_strengths), reals(*of_push), reals(*of_pop),
                            reals(*of_value));
  });
}

template <auto kHandler>
XLA_FFI_Error* call(XLA_FFI_CallFrame* frame) {
  static const auto* handler = ffi::Ffi::BindTo(kHandler).release();
  return handler->Call(frame);
}

}  // namespace
}  // namespace neuralstack

// The version of XLA's interface that these handlers were compiled for; an XLA that offers an older one rejects them.
extern "C" NEURALSTACK_EXPORT int neuralstack_xla_major() { return XLA_FFI_API_MAJOR; }
extern "C" NEURALSTACK_EXPORT int neuralstack_xla_minor() { return XLA_FFI_API_MINOR; }

#define NEURALSTACK_HANDLER(memory, kind, pass)                                                              \
  extern "C" NEURALSTACK_EXPORT XLA_FFI_Error* neuralstack_xla_##memory##_##pass(XLA_FFI_CallFrame* frame) { \
    return neuralstack::call<neuralstack::pass<kind>>(frame);                                                \
  }
#define NEURALSTACK_HANDLERS(memory, kind)     \
  NEURALSTACK_HANDLER(memory, kind, forward)   \
  NEURALSTACK_HANDLER(memory, kind, backward)  \
  NEURALSTACK_HANDLER(memory, kind, step)      \
  NEURALSTACK_HANDLER(memory, kind, replay)    \
  NEURALSTACK_HANDLER(memory, kind, undo)


// Leaves its results as they are, whatever they contain.
extern "C" NEURALSTACK_EXPORT XLA_FFI_Error* neuralstack_xla_blank(XLA_FFI_CallFrame* frame) {
  using xla::ffi::Ffi;
  static const auto* handler =
      Ffi::Bind().RemainingRets().To([](xla::ffi::RemainingRets) { return xla::ffi::Error::Success(); }).release();
  return handler->Call(frame);
}

NEURALSTACK_HANDLERS(stack, NEURALSTACK_STACK)
NEURALSTACK_HANDLERS(queue, NEURALSTACK_QUEUE)
NEURALSTACK_HANDLERS(deque, NEURALSTACK_DEQUE)
