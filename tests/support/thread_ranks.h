// Ranks that are threads of this process, for tests without MPI.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <cstring>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/ranks.h"
#include "core/tensor.h"

namespace excite {

// Where the ranks of a group leave what they send.
class RankGroup {
 public:
  explicit RankGroup(long count) : count_(count), barrier_(count), mine_(count), sent_(count) {}

 private:
  friend class ThreadRank;
  const long count_;
  std::barrier<> barrier_;
  std::vector<const char*> mine_;
  std::vector<const std::vector<long>*> sent_;
};

class ThreadRank final : public Ranks {
 public:
  ThreadRank(RankGroup& group, long rank) : group_(group), rank_(rank) {}
  // A rank that ends early must not keep the others waiting.
  ~ThreadRank() override { group_.barrier_.arrive_and_drop(); }
  long rank() const override { return rank_; }
  long count() const override { return group_.count_; }
  bool all_arrive(double) override { return true; }
  std::string name() const override { return "rank " + std::to_string(rank_); }

 protected:
  void send_to_all(const void* mine, void* all, const std::vector<long>& sizes) override {
    group_.mine_[rank_] = static_cast<const char*>(mine);
    group_.barrier_.arrive_and_wait();
    char* to = static_cast<char*>(all);
    for (long r = 0; r < count(); to += sizes[r++])
      if (sizes[r] > 0) std::memcpy(to, group_.mine_[r], sizes[r]);
    group_.barrier_.arrive_and_wait();
  }
  void send_to_each(const void* mine, const std::vector<long>& sent, void* all,
                    const std::vector<long>& received) {
    group_.mine_[rank_] = static_cast<const char*>(mine), group_.sent_[rank_] = &sent;
    group_.barrier_.arrive_and_wait();
    char* to = static_cast<char*>(all);
    for (long r = 0; r < count(); to += received[r++]) {
      long before = 0;
      for (long i = 0; i < rank_; i++) before += (*group_.sent_[r])[i];
      EXPECT_EQ((*group_.sent_[r])[rank_], received[r]);
      if (received[r] > 0) std::memcpy(to, group_.mine_[r] + before, received[r]);
    }
    group_.barrier_.arrive_and_wait();
  }
  // The data arrive as late as they may: in wait().
  std::unique_ptr<StartedCall> start_to_all(const void* mine, void* all,
                                            const std::vector<long>& sizes) override {
    return std::make_unique<Late>([=, this] { send_to_all(mine, all, sizes); });
  }
  std::unique_ptr<StartedCall> start_to_each(const void* mine, const std::vector<long>& sent,
                                             void* all,
                                             const std::vector<long>& received) override {
    return std::make_unique<Late>([=, this] { send_to_each(mine, sent, all, received); });
  }

 private:
  struct Late final : StartedCall {
    explicit Late(std::function<void()> send_now) : send(std::move(send_now)) {}
    void wait() override { send(); }
    std::function<void()> send;
  };
  RankGroup& group_;
  const long rank_;
};

// Runs body(ranks) on `count` threads, each with a rank of its own. An exception of the lowest rank
// that throws one is thrown again.
inline void on_ranks(long count, const std::function<void(Ranks&)>& body) {
  RankGroup group(count);
  std::vector<std::exception_ptr> errors(count);
  std::vector<std::thread> threads;
  for (long r = 0; r < count; r++)
    threads.emplace_back([&, r] {
      ThreadRank ranks(group, r);
      try {
        body(ranks);
      } catch (...) {
        errors[r] = std::current_exception();
      }
    });
  for (std::thread& t : threads) t.join();
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

// Images [begin, end) of x.
inline Tensor images_of(const Tensor& x, long begin, long end) {
  std::vector<long> dims = x.shape().dims();
  const long size = x.size() / dims[0];
  dims[0] = end - begin;
  Tensor part{Shape(dims)};
  std::copy(x.data() + begin * size, x.data() + end * size, part.data());
  return part;
}

}  // namespace excite
