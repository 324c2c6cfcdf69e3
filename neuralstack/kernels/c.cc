// The C interface: chooses the core for a memory and a type of numbers. `neuralstack.h` documents it.

#include "core.hpp"
#include "neuralstack.h"

namespace neuralstack {
namespace {

template <typename Memory, typename Act>
int with_memory(const neuralstack_batch& batch, const Act& act) {
  if (!is_possible<Memory>(batch)) return NEURALSTACK_BAD_SIZE;
  switch (batch.dtype) {
    case NEURALSTACK_FLOAT32:
      return act(Core<Memory, float>(batch));
    case NEURALSTACK_FLOAT64:
      return act(Core<Memory, double>(batch));
    default:
      return NEURALSTACK_UNKNOWN_KIND;
  }
}

// Calls `act` with the core of a batch.
template <typename Act>
int with_core(const neuralstack_batch& batch, const Act& act) {
  switch (batch.memory) {
    case NEURALSTACK_STACK:
      return with_memory<Stack>(batch, act);
    case NEURALSTACK_QUEUE:
      return with_memory<Queue>(batch, act);
    case NEURALSTACK_DEQUE:
      return with_memory<Deque>(batch, act);
    default:
      return NEURALSTACK_UNKNOWN_KIND;
  }
}

// Arrays of whatever real numbers the core works on.
struct In {
  const void* array;
  template <typename Real>
  operator const Real*() const {
    return static_cast<const Real*>(array);
  }
};
struct Out {
  void* array;
  template <typename Real>
  operator Real*() const {
    return static_cast<Real*>(array);
  }
};

}  // namespace
}  // namespace neuralstack

using namespace neuralstack;

int neuralstack_version(void) { return NEURALSTACK_VERSION; }

const char* neuralstack_message(int result) {
  switch (result) {
    case NEURALSTACK_OK:
      return "success";
    case NEURALSTACK_UNKNOWN_KIND:
      return "there are kernels for stack, queue and DeQue of float32 or float64 numbers only";
    case NEURALSTACK_BAD_SIZE:
      return "the sizes of a batch are negative or too large, or its groups are empty";
    case NEURALSTACK_OUT_OF_MEMORY:
      return "there is not enough memory for the work on a sequence";
    case NEURALSTACK_NO_ROOM:
      return "a memory was stepped beyond its room, or out of order";
    case NEURALSTACK_NOTHING_TO_UNDO:
      return "a memory was stepped back beyond its beginning, or out of order";
    default:
      return "there is no such result";
  }
}

int neuralstack_forward(const neuralstack_batch* batch, const int32_t* steps, const void* push, const void* pop,
                        const void* values, void* reads) {
  return with_core(*batch, [&](const auto& core) {
    return core.forward(steps, {In{push}, In{pop}, In{values}}, Out{reads});
  });
}

int neuralstack_backward(const neuralstack_batch* batch, const int32_t* steps, const void* push, const void* pop,
                         const void* values, const void* read_cotangents, void* push_cotangents, void* pop_cotangents,
                         void* value_cotangents) {
  return with_core(*batch, [&](const auto& core) {
    return core.backward(steps, {In{push}, In{pop}, In{values}}, In{read_cotangents},
                         {Out{push_cotangents}, Out{pop_cotangents}, Out{value_cotangents}});
  });
}

int neuralstack_step(const neuralstack_batch* batch, const int32_t* time, const void* push, const void* pop,
                     const void* value, void* values, int32_t* elements, double* strengths, int32_t* ends,
                     void* read) {
  return with_core(*batch, [&](const auto& core) {
    return core.step(time, {In{push}, In{pop}, In{value}}, Out{values}, {elements, strengths, ends},
                     Out{read});
  });
}

int neuralstack_replay(const neuralstack_batch* batch, const int32_t* steps, const void* push, const void* pop,
                       const void* values, int32_t* elements, double* strengths, int32_t* ends,
                       int32_t* changed_slots, double* changed_strengths) {
  return with_core(*batch, [&](const auto& core) {
    return core.replay(steps, {In{push}, In{pop}, In{values}}, {elements, strengths, ends},
                       {changed_slots, changed_strengths});
  });
}

int neuralstack_undo(const neuralstack_batch* batch, const int32_t* time, const void* read_cotangent,
                     const void* values, const int32_t* changed_slots, const double* changed_strengths,
                     int32_t* elements, double* strengths, int32_t* ends, void* value_cotangents,
                     double* strength_cotangents, void* push_cotangent, void* pop_cotangent, void* value_cotangent) {
  return with_core(*batch, [&](const auto& core) {
    return core.undo(time, In{read_cotangent}, In{values}, {changed_slots, changed_strengths},
                     {elements, strengths, ends}, Out{value_cotangents}, strength_cotangents,
                     {Out{push_cotangent}, Out{pop_cotangent}, Out{value_cotangent}});
  });
}
