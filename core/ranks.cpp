#include "core/ranks.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>

namespace excite {

namespace {

using Clock = std::chrono::steady_clock;

// Adds the time from its construction to its destruction.
struct AddTime {
  Traffic& traffic;
  const Clock::time_point begin = Clock::now();
  ~AddTime() { traffic.seconds += std::chrono::duration<double>(Clock::now() - begin).count(); }
};

// Starting and waiting take the time of this rank.
struct TimedCall final : StartedCall {
  explicit TimedCall(Traffic& total) : traffic(total) {}
  void wait() override {
    const AddTime time{traffic};
    call->wait();
  }
  Traffic& traffic;
  std::unique_ptr<StartedCall> call;
};

}  // namespace

void Ranks::all_gather(const void* mine, void* all, const std::vector<long>& sizes) {
  count_call(Message::Kind::values, sizes[rank()] * (count() - 1));
  const AddTime time{traffic_};
  send_to_all(mine, all, sizes);
}

// All memory is there before the call starts, as it cannot be taken back.
std::unique_ptr<StartedCall> Ranks::start_all_gather(const void* mine, void* all,
                                                     const std::vector<long>& sizes) {
  count_call(Message::Kind::results, sizes[rank()] * (count() - 1));
  auto call = std::make_unique<TimedCall>(traffic_);
  const AddTime time{traffic_};
  call->call = start_to_all(mine, all, sizes);
  return call;
}

std::unique_ptr<StartedCall> Ranks::start_all_to_all(const void* mine,
                                                     const std::vector<long>& sent, void* all,
                                                     const std::vector<long>& received) {
  const long bytes = std::accumulate(sent.begin(), sent.end(), 0l) - sent[rank()];
  count_call(Message::Kind::slices, bytes);
  auto call = std::make_unique<TimedCall>(traffic_);
  const AddTime time{traffic_};
  call->call = start_to_each(mine, sent, all, received);
  return call;
}

void Ranks::count_call(Message::Kind kind, long bytes) {
  traffic_.calls++;
  traffic_.bytes += bytes;
  if (messages_) messages_->push_back({kind, bytes});
}

std::string describe(const Traffic& t, long steps) {
  const auto count = static_cast<double>(std::max(1l, steps));
  char words[120];
  std::snprintf(words, sizeof words, "%.0f calls, %.2f MB sent, %.1f ms",
                static_cast<double>(t.calls) / count, static_cast<double>(t.bytes) / count / 1e6,
                1000 * t.seconds / count);
  return words;
}

void broadcast(Ranks& ranks, void* bytes, long count) {
  std::vector<long> sizes(ranks.count(), 0);
  sizes[0] = count;
  std::vector<char> of_first(count);
  ranks.all_gather(bytes, of_first.data(), sizes);
  std::memcpy(bytes, of_first.data(), of_first.size());
}

std::vector<std::string> all_gather(Ranks& ranks, const std::string& mine) {
  std::vector<long> counts;
  const std::vector<char> all =
      all_gather(ranks, std::vector<char>(mine.begin(), mine.end()), counts);
  std::vector<std::string> texts;
  auto at = all.begin();
  for (const long count : counts) {
    texts.emplace_back(at, at + count);
    at += count;
  }
  return texts;
}

}  // namespace excite
