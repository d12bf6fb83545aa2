// The ranks of mpirun, by Open MPI or another implementation of MPI 3.
#include <mpi.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <thread>

#include "core/check.h"
#include "tools/mpi/mpi.h"

namespace excite {

namespace {

using Clock = std::chrono::steady_clock;

// MPI counts in int.
std::vector<int> ints(const std::vector<long>& sizes) {
  const long total = std::accumulate(sizes.begin(), sizes.end(), 0l);
  require(total <= INT_MAX, "MPI: a message of ", total, " bytes, expected at most ", INT_MAX);
  return {sizes.begin(), sizes.end()};
}
// Where each part begins.
std::vector<int> begins(const std::vector<int>& sizes) {
  std::vector<int> at(sizes.size(), 0);
  std::partial_sum(sizes.begin(), sizes.end() - 1, at.begin() + 1);
  return at;
}

// A slower network, for measurements: the environment variable EXCITE_MPI_DELAY is in microseconds.
// Messages to all ranks need at least log2(ranks) rounds, and each round takes so much longer.
std::chrono::microseconds delay_of_slow_network(long ranks) {
  static const char* delay = std::getenv("EXCITE_MPI_DELAY");
  if (!delay) return {};
  const auto rounds = static_cast<long>(std::bit_width(static_cast<unsigned long>(ranks - 1)));
  return std::chrono::microseconds(std::atol(delay) * rounds);
}
void wait_for_slow_network(long ranks) {
  std::this_thread::sleep_for(delay_of_slow_network(ranks));
}

int unfinished_calls = 0;  // that this process has started, and not waited for

// A call of MPI that goes on while this process computes. MPI moves its data within other calls,
// and reads the sizes until its end.
struct MpiCall final : StartedCall {
  MpiCall(const std::vector<long>& sent, const std::vector<long>& received)
      : to(ints(sent)),
        to_at(begins(to)),
        from(ints(received)),
        from_at(begins(from)),
        end(Clock::now() + delay_of_slow_network(std::ssize(received))) {
    unfinished_calls++;
  }
  void wait() override {
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    unfinished_calls--;
    std::this_thread::sleep_until(end);
  }
  const std::vector<int> to, to_at, from, from_at;
  const Clock::time_point end;
  MPI_Request request = MPI_REQUEST_NULL;
};

// Errors of MPI itself end all processes, with a message: this is MPI's default.
class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    int provided = 0, rank = 0, count = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &count);
    MPI_Comm_dup(MPI_COMM_WORLD, &of_errors_);
    MPI_Comm_dup(MPI_COMM_WORLD, &of_started_);
    rank_ = rank, count_ = count;
  }
  long rank() const override { return rank_; }
  long count() const override { return count_; }

  bool all_arrive(double seconds) override {
    MPI_Request request;
    MPI_Ibarrier(of_errors_, &request);
    int arrived = 0;
    for (const Clock::time_point begin = Clock::now();
         !arrived && std::chrono::duration<double>(Clock::now() - begin).count() < seconds;) {
      MPI_Test(&request, &arrived, MPI_STATUS_IGNORE);
      if (!arrived) usleep(1000);
    }
    return arrived != 0;
  }

  std::string name() const override {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return text("rank ", rank_, " on ", host);
  }

 protected:
  void send_to_all(const void* mine, void* all, const std::vector<long>& sizes) override {
    const std::vector<int> counts = ints(sizes), at = begins(counts);
    MPI_Allgatherv(mine, counts[rank_], MPI_BYTE, all, counts.data(), at.data(), MPI_BYTE,
                   MPI_COMM_WORLD);
    wait_for_slow_network(count_);
  }
  std::unique_ptr<StartedCall> start_to_all(const void* mine, void* all,
                                            const std::vector<long>& sizes) override {
    auto call = std::make_unique<MpiCall>(sizes, sizes);
    MPI_Iallgatherv(mine, call->from[rank_], MPI_BYTE, all, call->from.data(), call->from_at.data(),
                    MPI_BYTE, of_started_, &call->request);
    return call;
  }
  std::unique_ptr<StartedCall> start_to_each(const void* mine, const std::vector<long>& sent,
                                             void* all,
                                             const std::vector<long>& received) override {
    auto call = std::make_unique<MpiCall>(sent, received);
    MPI_Ialltoallv(mine, call->to.data(), call->to_at.data(), MPI_BYTE, all, call->from.data(),
                   call->from_at.data(), MPI_BYTE, of_started_, &call->request);
    return call;
  }

 private:
  long rank_ = 0, count_ = 1;
  MPI_Comm of_errors_ = MPI_COMM_NULL, of_started_ = MPI_COMM_NULL;
};

}  // namespace

Ranks* start_ranks() {
  int has_ended = 0;
  MPI_Finalized(&has_ended);
  if (has_ended) return nullptr;
  static MpiRanks& ranks = *new MpiRanks;  // never destroyed: a rank may end in any state
  return &ranks;
}

// MPI cannot end in the middle of a call, which an error may leave behind.
void end_ranks() {
  if (unfinished_calls == 0) MPI_Finalize();
}

// mpirun ends all ranks when one has failed, but srun does not, unless it is told to.
void abort_ranks(int code) {
  std::fflush(nullptr);
  MPI_Abort(MPI_COMM_WORLD, code);
}

}  // namespace excite
