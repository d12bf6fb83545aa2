// Records how long each operation of a training step or of an inference takes. Hooks report an
// operation when it has ended, so all time since the end of the previous one belongs to it. The
// records follow one another without gaps, except for the time that making a record takes:
// profiling overhead is excluded.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "core/ranks.h"
#include "core/shape.h"
#include "tools/bench/profile/work.h"

namespace excite {

class Inference;
class Tensor;
class TrainingStep;
struct StepResult;

// Making the batch is one record, and so is the optimizer's update of the weights.
enum class Pass { batch, forward, backward, optimizer };
const char* name_of(Pass pass);

struct Record {
  Pass pass;
  std::string op, layer;  // layer: see layer_of in autograd/hooks.h
  Shape output;
  Work work;
  std::chrono::nanoseconds begin, end;
  Traffic communication{};  // with the other ranks that share the batch; its time is part of this
  double seconds() const { return std::chrono::duration<double>(end - begin).count(); }
};

// Runs training step `number` and appends its operations to `records`. The step computes exactly
// what step(number) does.
StepResult record_step(TrainingStep& step, long number, std::vector<Record>& records);

// Runs infer(x) and appends its operations to `records`. Error unless threads() is 1: on several
// threads each takes images of its own, and operations that overlap cannot be timed one by one.
void record_inference(const Inference& infer, const Tensor& x, std::vector<Record>& records);

}  // namespace excite
