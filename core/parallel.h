// Where threads are made. Work is cut into shards by the problem alone, never by the number of
// threads, and what shards sum is added in shard order: the same input gives the same bits on 1, 2,
// 3 or 7 threads.
#pragma once
#include <functional>

namespace excite {

void set_threads(int count);  // at least 1; all cores until it is called
int threads();

// Runs body(0), ..., body(count - 1), each once, in any order; returns when all are done. They are
// dealt out in equal runs, one to each thread, so that what stands first in memory is mostly the
// same core's from one call to the next; who has done its own helps the others. An exception that a
// body throws is thrown again here (the one of the lowest index). Inside a body everything runs on
// the body's own thread. A program has one set of workers: only one of its own threads may call
// this, or set_threads, at a time.
void parallel_for(long count, const std::function<void(long)>& body);

// Cuts [0, items) into at most max_shards nearly equal pieces, none of them shorter than `grain`
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
