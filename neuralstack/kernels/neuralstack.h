/* The kernels of stack, queue and DeQue, for programs in any language.
 *
 * Every function works on a batch of independent sequences, and every array has one part for each sequence, one after
 * the other unless sequences are interleaved (see below). Arrays are dense, in row-major order (C order), and aligned as
 * their numbers require. With T = length, K = tracks (1 for stack and queue; 2 for the DeQue: top, bottom) and W =
 * width, the part of one sequence is
 *
 *   steps, time           int32                one number
 *   push, pop             real    [T, K]       strengths; [K] in functions of one step
 *   values                real    [T, K, W]
 *   value, read           real    [K, W]       of one step
 *   reads                 real    [T, K, W]
 *
 * where real is float or double, as `dtype` says. Cotangents (gradients) have the shapes of what they belong to. The
 * state of a memory is what these functions left in
 *
 *   elements              int32   [T K]        the element in each slot of the line
 *   strengths             double  [T K]        how much of it is left
 *   ends                  int32   [2]          the first live slot, and the one after the last
 *   changed_slots         int32   [T, K, 2]    what each step changed, for undoing it
 *   changed_strengths     double  [T, K, 2]
 *   strength_cotangents   double  [T, K]
 *
 * Networks often keep a batch time first. Where `interleaved` is N > 1, sequences stand in groups of N, one group after
 * the other, and every real array with an axis of T steps is [T, K, N] or [T, K, N, W] for a group. The last group may
 * have room for more sequences than there are, so that calls for some sequences of a group can share its arrays.
 *
 * Arrays that are written overlap no other array. An array without numbers, since a size is 0, may be NULL.
 *
 * Strengths are meant to lie between 0 and 1. Others are survived: nothing outside the arrays is touched. If a number
 * of an action is infinite or NaN, everything that depends on that step or a later one is NaN.
 *
 * There is no global state: calls may run at the same time if neither writes what the other uses. No exception leaves a
 * function, and none needs scratch memory of the caller: for each sequence that is worked on at the moment,
 * `neuralstack_forward` allocates 12 T K bytes and `neuralstack_backward` 52 T K bytes, freed before they return; the
 * others allocate nothing. After a failure, what a function should have written is undefined.
 */
#ifndef NEURALSTACK_H_
#define NEURALSTACK_H_

#include <stdint.h>

#ifdef _WIN32
#define NEURALSTACK_EXPORT __declspec(dllexport)
#else
#define NEURALSTACK_EXPORT __attribute__((visibility("default")))
#endif

/* The version of this interface: it grows with every change that a caller may have to follow. */
#define NEURALSTACK_VERSION 2

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of memory. */
enum { NEURALSTACK_STACK = 0, NEURALSTACK_QUEUE = 1, NEURALSTACK_DEQUE = 2 };

/* Types of real numbers. */
enum { NEURALSTACK_FLOAT32 = 0, NEURALSTACK_FLOAT64 = 1 };

/* Results of functions. */
enum {
  NEURALSTACK_OK = 0,
  NEURALSTACK_UNKNOWN_KIND = 1,  /* no such memory, or no such type of numbers */
  NEURALSTACK_BAD_SIZE = 2,      /* a negative size, groups of none, or arrays that cannot be addressed */
  NEURALSTACK_OUT_OF_MEMORY = 3,
  NEURALSTACK_NO_ROOM = 4,       /* a step beyond the length, or out of order */
  NEURALSTACK_NOTHING_TO_UNDO = 5 /* a step that was not the last one taken */
};

/* Work on the sequence with this number. It may be called from any thread. */
typedef void (*neuralstack_work)(void* data, int64_t number);

/* A way to distribute work: calls work(data, i) once for each i from 0 to count - 1, in any order and on any threads,
 * and returns when all calls have returned. */
typedef void (*neuralstack_parallel_for)(void* context, int64_t count, neuralstack_work work, void* data);

/* A batch of sequences: what they are, their sizes, and how work on them is distributed. */
typedef struct neuralstack_batch {
  int32_t memory;    /* NEURALSTACK_STACK, ... */
  int32_t dtype;     /* NEURALSTACK_FLOAT32, ... */
  int64_t sequences; /* their number */
  int64_t length;    /* steps of each, at most */
  int64_t width;     /* of a value */
  int64_t interleaved; /* sequences in a group: 1 if they stand one after the other */
  neuralstack_parallel_for parallel_for; /* or NULL: the calling thread does all the work */
  void* context;     /* passed on to parallel_for */
} neuralstack_batch;

/* Returns the version of the interface that the library was built with. */
NEURALSTACK_EXPORT int neuralstack_version(void);

/* Returns a sentence about a result, in memory that is never freed. */
NEURALSTACK_EXPORT const char* neuralstack_message(int result);

/* Writes the reads of whole sequences. Each takes its first `steps` steps; later reads are 0. */
NEURALSTACK_EXPORT int neuralstack_forward(const neuralstack_batch* batch, const int32_t* steps, const void* push,
                                           const void* pop, const void* values, void* reads);

/* Writes the cotangents of the actions of whole sequences, given those of their reads; 0 for steps not taken. */
NEURALSTACK_EXPORT int neuralstack_backward(const neuralstack_batch* batch, const int32_t* steps, const void* push,
                                            const void* pop, const void* values, const void* read_cotangents,
                                            void* push_cotangents, void* pop_cotangents, void* value_cotangents);

/* Takes step `time` of every sequence, from 0 upwards: stores `value` in `values`, changes the state and writes the
 * read. Before step 0, both ends are 0, or `length` if the memory is a DeQue, whose bottom grows downwards. */
NEURALSTACK_EXPORT int neuralstack_step(const neuralstack_batch* batch, const int32_t* time, const void* push,
                                        const void* pop, const void* value, void* values, int32_t* elements,
                                        double* strengths, int32_t* ends, void* read);

/* Writes the state after whole sequences, and what each step changed: where undoing them begins. */
NEURALSTACK_EXPORT int neuralstack_replay(const neuralstack_batch* batch, const int32_t* steps, const void* push,
                                          const void* pop, const void* values, int32_t* elements, double* strengths,
                                          int32_t* ends, int32_t* changed_slots, double* changed_strengths);

/* Undoes step `time` of every sequence, from the last one downwards, and writes the cotangents of its action. The
 * cotangents of all values and strengths, which it adds to, are 0 at first. */
NEURALSTACK_EXPORT int neuralstack_undo(const neuralstack_batch* batch, const int32_t* time, const void* read_cotangent,
                                        const void* values, const int32_t* changed_slots,
                                        const double* changed_strengths, int32_t* elements, double* strengths,
                                        int32_t* ends, void* value_cotangents, double* strength_cotangents,
                                        void* push_cotangent, void* pop_cotangent, void* value_cotangent);

#ifdef __cplusplus
}
#endif

#endif /* NEURALSTACK_H_ */
