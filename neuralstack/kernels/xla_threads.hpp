// XLA's threads, as a way to distribute work that the C interface accepts.

#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>

#include "neuralstack.h"
#include "xla/ffi/api/ffi.h"

// Passes XLA's own thread pool to a handler that takes one.
template <>
struct xla::ffi::CtxBinding<xla::ffi::ThreadPool> {
  using Ctx = xla::ffi::ThreadPool;
};

namespace neuralstack {

// Distributes work over the pool that `context` points to. The calling thread takes part and waits only for work that
// has started, so a pool whose threads are all busy, or waiting like this one, cannot block it.
inline void distribute(void* context, int64_t count, neuralstack_work work, void* data) {
  struct Shared {
    std::atomic<int64_t> next{0};
    std::mutex mutex;
    std::condition_variable finished;
    int64_t done = 0;
  };
  auto& pool = *static_cast<xla::ffi::ThreadPool*>(context);
  auto shared = std::make_shared<Shared>();
  // The data outlive every started piece of work: this function waits for all of them.
  auto take = [shared, count, work, data] {
    int64_t mine = 0;
    for (int64_t i; (i = shared->next.fetch_add(1)) < count; ++mine) work(data, i);
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

}  // namespace neuralstack
