#include "tools/bench/profile/trace.h"

#include <algorithm>
#include <filesystem>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/parallel.h"
#include "tools/bench/profile/account.h"

namespace excite {

using Json = nlohmann::ordered_json;

namespace {

using At = std::vector<Record>::const_iterator;

// A complete event ("X"): begin and duration in microseconds. What lies inside another one's time
// is drawn below it.
Json slice(const std::string& name, const char* category, At first, At last,
           std::chrono::nanoseconds origin) {
  const auto microseconds = [](std::chrono::nanoseconds t) {
    return static_cast<double>(t.count()) / 1000;
  };
  return {{"name", name},
          {"cat", category},
          {"ph", "X"},
          {"ts", microseconds(first->begin - origin)},
          {"dur", microseconds(last->end - first->begin)},
          {"pid", 1},
          {"tid", 1}};
}

Json operation(At r, double step_seconds, const Limits& limits, std::chrono::nanoseconds origin) {
  Json event = slice(r->op, name_of(r->pass), r, r, origin);
  const Json done = rates(r->work, r->seconds(), step_seconds, limits);
  event["args"] =
      r->layer.empty() ? Json::object() : Json{{"layer", r->layer}, {"output", text(r->output)}};
  event["args"].update(done);
  return event;
}

}  // namespace

std::string trace_json(const std::vector<Record>& records, long first, const Limits& limits) {
  Json events = Json::array();
  long number = first;
  for (At begin = records.begin(); begin != records.end(); number++) {
    const auto origin = records.front().begin;
    const At end = std::next(std::find_if(
        begin, records.end(), [](const Record& r) { return r.pass == Pass::optimizer; }));
    const double seconds =
        std::chrono::duration<double>(std::prev(end)->end - begin->begin).count();
    events.push_back(slice(text("step ", number + 1), "step", begin, std::prev(end), origin));
    for (At at = begin; at != end;) {
      const At next = std::find_if(at, end, [=](const Record& r) { return r.pass != at->pass; });
      const bool alone = std::next(at) == next;
      if (!alone) events.push_back(slice(name_of(at->pass), "pass", at, std::prev(next), origin));
      for (; at != next; ++at) events.push_back(operation(at, seconds, limits, origin));
    }
    begin = end;
  }
  const Json all{{"displayTimeUnit", "ms"},
                 {"otherData",
                  {{"threads", threads()},
                   {"gflop_per_second", limits.gflops},
                   {"gb_per_second", limits.gbytes}}},
                 {"traceEvents", events}};
  return all.dump(1) + "\n";
}

Profile::Profile(const std::string& path, long steps_of_run) : path_(path) {
  require<UsageError>(steps_of_run > last, "train: --profile watches steps ", first + 1, " to ",
                      last + 1, ", but the run has only ", steps_of_run);
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  require<UsageError>(!path.empty() && std::filesystem::is_directory(folder), "train: --profile ",
                      path, ": there is no folder ", folder.string());
  require<UsageError>(!std::filesystem::is_directory(path), "train: --profile ", path,
                      ": it is a folder, expected a file's name");
  limits_ = measure_limits();
}

StepResult Profile::watch(TrainingStep& step, long number) {
  const StepResult result = excite::watch(step, number, records_);
  if (number == last) write_text_atomically(path_, trace_json(records_, first, limits_));
  return result;
}

}  // namespace excite
