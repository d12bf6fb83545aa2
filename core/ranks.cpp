#include "core/ranks.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

namespace excite {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

long sent_to_others(const std::vector<long>& sent, long rank) {
  return std::accumulate(sent.begin(), sent.end(), 0l) - sent[rank];
}

}  // namespace

// Only waiting takes the time of this rank.
class TimedCall final : public StartedCall {
 public:
  TimedCall(Ranks& ranks, std::unique_ptr<StartedCall> call)
      : ranks_(ranks), call_(std::move(call)) {}
  void wait() override {
    const Clock::time_point begin = Clock::now();
    call_->wait();
    ranks_.traffic_.seconds += seconds_since(begin);
  }

 private:
  Ranks& ranks_;
  const std::unique_ptr<StartedCall> call_;
};

void Ranks::gather(const void* mine, void* all, const std::vector<long>& sizes) {
  const Clock::time_point begin = Clock::now();
  send_to_all(mine, all, sizes);
  count_call(false, sizes[rank()] * (count() - 1), seconds_since(begin));
}

void Ranks::exchange(const void* mine, const std::vector<long>& sent, void* all,
                     const std::vector<long>& received) {
  const Clock::time_point begin = Clock::now();
  send_to_each(mine, sent, all, received);
  count_call(true, sent_to_others(sent, rank()), seconds_since(begin));
}

std::unique_ptr<StartedCall> Ranks::start_gather(const void* mine, void* all,
                                                 const std::vector<long>& sizes) {
  count_call(false, sizes[rank()] * (count() - 1), 0);
  return std::make_unique<TimedCall>(*this, start_to_all(mine, all, sizes));
}

std::unique_ptr<StartedCall> Ranks::start_exchange(const void* mine, const std::vector<long>& sent,
                                                   void* all, const std::vector<long>& received) {
  count_call(true, sent_to_others(sent, rank()), 0);
  return std::make_unique<TimedCall>(*this, start_to_each(mine, sent, all, received));
}

void Ranks::count_call(bool is_exchange, long bytes, double seconds) {
  traffic_.calls++;
  traffic_.bytes += bytes;
  traffic_.seconds += seconds;
  if (messages_) messages_->push_back({is_exchange, bytes});
}

std::string describe(const Traffic& t, long steps) {
  const auto count = static_cast<double>(std::max(1l, steps));
  char words[120];
  std::snprintf(words, sizeof words, "%.0f calls, %.2f MB sent, %.1f ms",
                static_cast<double>(t.calls) / count, static_cast<double>(t.bytes) / count / 1e6,
                1000 * t.seconds / count);
  return words;
}

void copy_of_first_rank(Ranks& ranks, void* bytes, long count) {
  std::vector<long> sizes(ranks.count(), 0);
  sizes[0] = count;
  std::vector<char> of_first(count);
  ranks.gather(bytes, of_first.data(), sizes);
  std::memcpy(bytes, of_first.data(), of_first.size());
}

std::vector<std::string> gather(Ranks& ranks, const std::string& mine) {
  std::vector<long> counts;
  const std::vector<char> all = gather(ranks, std::vector<char>(mine.begin(), mine.end()), counts);
  std::vector<std::string> texts;
  auto at = all.begin();
  for (const long count : counts) {
    texts.emplace_back(at, at + count);
    at += count;
  }
  return texts;
}

}  // namespace excite
