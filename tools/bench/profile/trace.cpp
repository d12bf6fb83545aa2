#include "tools/bench/profile/trace.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/check.h"
#include "core/parallel.h"
#include "tools/bench/profile/op_summary.h"

namespace excite {

using Json = nlohmann::ordered_json;

namespace {

using RecordIterator = std::vector<Record>::const_iterator;

// A complete event ("X"): its begin and duration in microseconds. A viewer draws an event below the
// one whose time contains it.
Json slice(const std::string& name, const char* category, RecordIterator first, RecordIterator last,
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

// What was exchanged with other ranks, if anything was.
void add_communication(Json& event, RecordIterator first, RecordIterator last) {
  Traffic sum;
  for (RecordIterator r = first; r != last; ++r) sum = sum + r->communication;
  if (sum.calls == 0) return;
  event["args"]["communication_calls"] = sum.calls;
  event["args"]["communication_milliseconds"] = 1000 * sum.seconds;
  event["args"]["sent_bytes"] = sum.bytes;
}

Json operation(RecordIterator r, double step_seconds, const Limits& limits,
               std::chrono::nanoseconds origin) {
  Json event = slice(r->op, name_of(r->pass), r, r, origin);
  event["args"] =
      r->layer.empty() ? Json::object() : Json{{"layer", r->layer}, {"output", text(r->output)}};
  event["args"].update(rates(r->work, r->seconds(), step_seconds, limits));
  add_communication(event, r, std::next(r));
  return event;
}

}  // namespace

std::string trace_json(const std::vector<Record>& records, long first, const Limits& limits) {
  Json events = Json::array();
  long number = first;
  for (RecordIterator begin = records.begin(); begin != records.end(); number++) {
    const auto origin = records.front().begin;
    const RecordIterator end = std::next(std::find_if(
        begin, records.end(), [](const Record& r) { return r.pass == Pass::optimizer; }));
    const double seconds =
        std::chrono::duration<double>(std::prev(end)->end - begin->begin).count();
    events.push_back(slice(text("step ", number + 1), "step", begin, std::prev(end), origin));
    add_communication(events.back(), begin, end);
    for (RecordIterator r = begin; r != end;) {
      const RecordIterator pass_end =
          std::find_if(r, end, [=](const Record& other) { return other.pass != r->pass; });
      const bool single = std::next(r) == pass_end;  // the batch and the optimizer
      if (!single)
        events.push_back(slice(name_of(r->pass), "pass", r, std::prev(pass_end), origin));
      for (; r != pass_end; ++r) events.push_back(operation(r, seconds, limits, origin));
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

}  // namespace excite
