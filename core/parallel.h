// Worker threads. Work is divided into shards, whose number depends on the problem and never on the
// number of threads, and the sums of shards are added in shard order. So the same input gives the
// same bits on 1, 2, 3 or 7 threads.
#pragma once
#include <functional>

namespace excite {

// The number of threads of a loop, 1 to 1024. The default is available_cores(). A loop that is
// running keeps its threads; the next one gets the new number. Idle workers end, which is needed
// before fork(), as it copies the calling thread alone.
void set_threads(int count);
int threads();

// Runs body(0), ..., body(count - 1), each once, in any order; returns when all are done.
// - Each thread first gets an equal, contiguous range of the indices; idle threads take over
//   remaining work. So in the next parallel_for a core mostly works on the same part of memory,
//   which is still in its cache.
// - The bodies of different indices must not write to the same numbers.
// - An exception thrown by a body is thrown again here; if there are several, the one of the lowest
//   index.
// - A nested parallel_for runs on the thread of the outer body, if the outer one runs on several.
// - Any thread of the program may call this and set_threads at any time. There is one set of
//   workers. While one thread's loop has them, the loops of other threads run on their callers
//   alone, with the same results.
void parallel_for(long count, const std::function<void(long)>& body);

// Divides [0, items) into at most max_shards nearly equal ranges. None is shorter than `grain`
// unless it is the only one.
struct Shards {
  static constexpr long max_shards = 16;
  long items, count;
  explicit Shards(long items, long grain = 1);
  long begin(long shard) const { return items * shard / count; }
  long end(long shard) const { return items * (shard + 1) / count; }
};

// Runs body(shard, begin, end) for every shard.
void parallel_shards(const Shards& shards, const std::function<void(long, long, long)>& body);

}  // namespace excite
