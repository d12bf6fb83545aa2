// A step with the clock beside it. The engine shows each operation when it has ended, so all time
// since the last one that ended is its own, and the records follow one another without a gap but
// for the making of the records themselves, which counts for nobody.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "models/infer.h"
#include "tools/bench/profile/work.h"
#include "tools/training/step.h"

namespace excite {

enum class Pass {
  batch,
  forward,
  backward,
  optimizer
};  // making the batch, and moving the weights, are a record each
const char* name_of(Pass pass);

struct Record {
  Pass pass;
  std::string op, layer;  // layer: see layer_of
  Shape output;
  Work work;
  std::chrono::nanoseconds begin, end;
  double seconds() const { return std::chrono::duration<double>(end - begin).count(); }
};

// Appends to `records` what step number `step` did. Apart from the time it takes, it is
// step(number).
StepResult watch(TrainingStep& step, long number, std::vector<Record>& records);

// An Error unless threads() is 1: images go through the network side by side, and an operation that
// runs beside others has no time of its own.
void watch(const Inference& infer, const Tensor& x, std::vector<Record>& records);

}  // namespace excite
