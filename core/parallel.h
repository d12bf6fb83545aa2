// Worker threads, and loops that they share. Sums over the calls of a loop are in tree_sum.h, which
// gives the same bits on any number of threads.
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

// Runs body(begin, end) for nearly equal ranges that cover [0, items). None is shorter than
// `min_items` unless it is the only one. There are at most eight ranges for each thread. So they
// depend on the number of threads, and this is for work that sums nothing over the items.
void parallel_ranges(long items, long min_items, const std::function<void(long, long)>& body);

}  // namespace excite
