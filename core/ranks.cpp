#include "core/ranks.h"

#include <chrono>

namespace excite {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) {
  return std::chrono::duration<double>(Clock::now() - then).count();
}

}  // namespace

void Ranks::gather(const void* mine, void* all, const std::vector<long>& sizes) {
  const Clock::time_point begin = Clock::now();
  send_to_all(mine, all, sizes);
  traffic_.calls++;
  traffic_.bytes += sizes[rank()] * (count() - 1);
  traffic_.seconds += seconds_since(begin);
}

void Ranks::exchange(const void* mine, const std::vector<long>& sent, void* all,
                     const std::vector<long>& received) {
  const Clock::time_point begin = Clock::now();
  send_to_each(mine, sent, all, received);
  traffic_.calls++;
  traffic_.bytes += std::accumulate(sent.begin(), sent.end(), 0l) - sent[rank()];
  traffic_.seconds += seconds_since(begin);
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
