#include "tools/bench/profile/record.h"

#include <utility>

#include "autograd/hooks.h"
#include "core/check.h"
#include "core/parallel.h"
#include "models/infer.h"
#include "tools/training/step.h"

namespace excite {

namespace {

std::chrono::nanoseconds now() { return std::chrono::steady_clock::now().time_since_epoch(); }

class Recorder {
 public:
  // `ranks` share the batch; nullptr if there are none.
  explicit Recorder(std::vector<Record>& records, const Ranks* ranks = nullptr)
      : records_(records), ranks_(ranks), traffic_(traffic()), begin_(now()) {}

  void forward(const Node& y, const std::vector<Var>& inputs) {
    const auto end = now();
    add({Pass::forward, y.op, layer_of(y), y.value.shape(), forward_work(y, inputs), begin_, end});
  }
  void backward(const Node& y) {
    const auto end = now();
    add({Pass::backward, y.op, layer_of(y), y.value.shape(), backward_work(y), begin_, end});
  }
  void other(Pass pass, const std::string& name) { add({pass, name, "", {}, {}, begin_, now()}); }

 private:
  void add(Record record) {
    record.communication = traffic() - traffic_;
    traffic_ = traffic();
    records_.push_back(std::move(record));
    begin_ = now();  // of the next operation; what came since `end` is overhead
  }
  Traffic traffic() const { return ranks_ ? ranks_->traffic() : Traffic{}; }
  std::vector<Record>& records_;
  const Ranks* ranks_;
  Traffic traffic_;
  std::chrono::nanoseconds begin_;
};

}  // namespace

const char* name_of(Pass pass) {
  constexpr const char* names[] = {"batch", "forward", "backward", "optimizer"};
  return names[static_cast<int>(pass)];
}

StepResult record_step(TrainingStep& step, long number, std::vector<Record>& records) {
  Recorder recorder(records, step.ranks());
  const OpHook forward(
      [&](const Node& y, const std::vector<Var>& inputs) { recorder.forward(y, inputs); });
  const StepResult result = step.run(
      number, {.batch_ready = [&] { recorder.other(Pass::batch, "(making the batch)"); },
               .backward = {.before = nullptr, .after = [&](Node& y) { recorder.backward(y); }}});
  recorder.other(Pass::optimizer, "(optimizer)");
  return result;
}

void record_inference(const Inference& infer, const Tensor& x, std::vector<Record>& records) {
  require(threads() == 1, "profile: inference runs on ", threads(),
          " threads, expected 1: operations that overlap cannot be timed one by one");
  Recorder recorder(records);
  const OpHook forward(
      [&](const Node& y, const std::vector<Var>& inputs) { recorder.forward(y, inputs); });
  infer(x);
}

}  // namespace excite
