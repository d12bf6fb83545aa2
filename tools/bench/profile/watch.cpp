#include "tools/bench/profile/watch.h"

#include <utility>

#include "autograd/hooks.h"
#include "core/check.h"
#include "core/parallel.h"

namespace excite {

namespace {

std::chrono::nanoseconds now() { return std::chrono::steady_clock::now().time_since_epoch(); }

class Watch {
 public:
  explicit Watch(std::vector<Record>& records) : records_(records), last_(now()) {}

  void forward(const Node& y, const std::vector<Var>& inputs) {
    const auto end = now();
    ended({Pass::forward, y.op, layer_of(y), y.value.shape(), forward_work(y, inputs), last_, end});
  }
  void backward(const Node& y) {
    const auto end = now();
    ended({Pass::backward, y.op, layer_of(y), y.value.shape(), backward_work(y), last_, end});
  }
  void other(Pass pass, const std::string& what) { ended({pass, what, "", {}, {}, last_, now()}); }

 private:
  void ended(Record record) {
    records_.push_back(std::move(record));
    last_ = now();
  }
  std::vector<Record>& records_;
  std::chrono::nanoseconds last_;
};

}  // namespace

const char* name_of(Pass pass) {
  constexpr const char* names[] = {"batch", "forward", "backward", "optimizer"};
  return names[static_cast<int>(pass)];
}

StepResult watch(TrainingStep& step, long number, std::vector<Record>& records) {
  Watch watch(records);
  const OpHook forward(
      [&](const Node& y, const std::vector<Var>& inputs) { watch.forward(y, inputs); });
  const StepResult result = step.run(
      number, {.batch_made = [&] { watch.other(Pass::batch, "(making the batch)"); },
               .backward = {.before = nullptr, .after = [&](Node& y) { watch.backward(y); }}});
  watch.other(Pass::optimizer, "(optimizer)");
  return result;
}

void watch(const Inference& infer, const Tensor& x, std::vector<Record>& records) {
  require(threads() == 1, "watch: inference on ", threads(),
          " threads, expected 1: an operation that runs beside others has no time of its own");
  Watch watch(records);
  const OpHook forward(
      [&](const Node& y, const std::vector<Var>& inputs) { watch.forward(y, inputs); });
  infer(x);
}

}  // namespace excite
