// The processes of a data parallel training. Each is a rank, as MPI calls it, with a number from 0
// to count() - 1. They exchange bytes in two ways, and everything else is made of these two.
// tools/mpi/mpi.h has the ranks that mpirun starts; the tests have ranks that are threads.
#pragma once
#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

namespace excite {

// What the collective calls of this rank have cost.
struct Traffic {
  long calls = 0, bytes = 0;  // bytes that were sent to other ranks
  double seconds = 0;         // in the calls; waiting for slower ranks is included
};
// What was sent between two moments.
inline Traffic operator-(const Traffic& a, const Traffic& b) {
  return {a.calls - b.calls, a.bytes - b.bytes, a.seconds - b.seconds};
}
// What was sent by both.
inline Traffic operator+(const Traffic& a, const Traffic& b) {
  return {a.calls + b.calls, a.bytes + b.bytes, a.seconds + b.seconds};
}
// "61 calls, 4.32 MB sent, 12.3 ms" per step.
std::string describe(const Traffic& traffic, long steps);

// One collective call, and the bytes that a rank sends to the others. With `values`, each rank
// sends what it has to all. With `slices`, it sends a slice of its sum to each rank, and with
// `results`, the sum of the slices that it received to all.
struct Message {
  enum class Kind { values, slices, results } kind;
  long bytes;
};

// A nonblocking call, as of MPI_Request. What it sends and where it receives has to exist until
// wait() returns. wait() is collective too: all ranks wait for started calls in the same order.
class StartedCall {
 public:
  virtual ~StartedCall() = default;
  virtual void wait() = 0;
};

// Every rank calls them, in the same order and with matching sizes. all_gather returns when all
// data have arrived; the others return at once.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual long rank() const = 0;   // of this process
  virtual long count() const = 0;  // of all
  // Sends `mine` to all ranks. `all` receives sizes[0] bytes of rank 0, then sizes[1] of rank 1,
  // and so on.
  void all_gather(const void* mine, void* all, const std::vector<long>& sizes);
  // The same, without waiting for the data: other calls may be made before wait(). After an
  // exchange of slices, it sends their sums.
  std::unique_ptr<StartedCall> start_all_gather(const void* mine, void* all,
                                                const std::vector<long>& sizes);
  // Starts to send sent[0] bytes of `mine` to rank 0, the next sent[1] to rank 1, and so on. `all`
  // receives received[0] bytes from rank 0, then received[1] from rank 1, and so on.
  std::unique_ptr<StartedCall> start_all_to_all(const void* mine, const std::vector<long>& sent,
                                                void* all, const std::vector<long>& received);
  // What all calls of this rank have cost so far.
  const Traffic& traffic() const { return traffic_; }
  // Appends each call from now on to `messages`; nullptr ends this.
  void record(std::vector<Message>* messages) { messages_ = messages; }

  // Whether all ranks call this within so many seconds. A rank that cannot go on asks whether the
  // others have the same error.
  virtual bool all_arrive(double seconds) = 0;
  // The name of a rank in messages, such as "rank 1 on host b".
  virtual std::string name() const = 0;

 protected:
  // The calls, as a library of messages does them.
  virtual void send_to_all(const void* mine, void* all, const std::vector<long>& sizes) = 0;
  virtual std::unique_ptr<StartedCall> start_to_all(const void* mine, void* all,
                                                    const std::vector<long>& sizes) = 0;
  virtual std::unique_ptr<StartedCall> start_to_each(const void* mine,
                                                     const std::vector<long>& sent, void* all,
                                                     const std::vector<long>& received) = 0;

 private:
  void count_call(Message::Kind kind, long bytes);
  Traffic traffic_;
  std::vector<Message>* messages_ = nullptr;
};

// One value of each rank, in the order of the ranks.
template <class T>
std::vector<T> all_gather(Ranks& ranks, const T& mine) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> all(ranks.count());
  ranks.all_gather(&mine, all.data(), std::vector<long>(ranks.count(), sizeof(T)));
  return all;
}

// The values of all ranks, one rank after the other. Rank r has counts[r] of them, at `mine`.
template <class T>
std::vector<T> all_gather(Ranks& ranks, const T* mine, const std::vector<long>& counts) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<long> bytes = counts;
  for (long& size : bytes) size *= static_cast<long>(sizeof(T));
  std::vector<T> all(std::accumulate(counts.begin(), counts.end(), 0l));
  ranks.all_gather(mine, all.data(), bytes);
  return all;
}

// The same if the ranks do not know how many each has: `counts` receives that, by one more call.
template <class T>
std::vector<T> all_gather(Ranks& ranks, const std::vector<T>& mine, std::vector<long>& counts) {
  counts = all_gather(ranks, static_cast<long>(mine.size()));
  return all_gather(ranks, mine.data(), counts);
}
template <class T>
std::vector<T> all_gather(Ranks& ranks, const std::vector<T>& mine) {
  std::vector<long> counts;
  return all_gather(ranks, mine, counts);
}

// Replaces these bytes by those of rank 0.
void broadcast(Ranks& ranks, void* bytes, long count);

// Whether it holds on rank 0; without ranks, whether it holds here.
inline bool of_first_rank(Ranks* ranks, bool holds) {
  return ranks ? all_gather(*ranks, static_cast<char>(holds))[0] != 0 : holds;
}

// A text of each rank.
std::vector<std::string> all_gather(Ranks& ranks, const std::string& mine);

// The number of all ranks, added in the order of the ranks.
template <class T>
T all_reduce_sum(Ranks& ranks, T mine) {
  const std::vector<T> all = all_gather(ranks, mine);
  return std::accumulate(all.begin(), all.end(), T{});
}

}  // namespace excite
