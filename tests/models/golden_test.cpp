// Compares SE-ResNet-20 with PyTorch: logits, loss, all gradients, running statistics, and ten
// steps of SGD.
#include <gtest/gtest.h>

#include "autograd/ops.h"
#include "autograd/optimizer.h"
#include "models/zoo/registry.h"
#include "tests/golden/vectors.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

const SafetensorsFile& vectors() {
  static const SafetensorsFile file = golden::open("se_resnet20.safetensors");
  return file;
}

golden::Layout layout_of(const Module::Entry& entry) {
  const int rank = entry.var.shape().rank();
  return rank == 4   ? golden::Layout::conv_weight
         : rank == 2 ? golden::Layout::linear_weight
                     : golden::Layout::same;
}

Model start_model() {
  Rng rng(0);
  Model model = make_model("se_resnet20", {}, 10, rng);
  for (const Module::Entry& entry : model.module().state()) {
    const Shape torch_shape = golden::to_torch(entry.var->value, layout_of(entry)).shape();
    entry.var->value =
        golden::to_ours(golden::initial_state(entry.name, torch_shape), layout_of(entry));
  }
  return model;
}

struct Batch {
  Tensor images;
  std::vector<int> labels;
};
Batch batch(int step) {
  const int images = std::stoi(vectors().metadata().at("images"));
  Batch b{
      golden::to_ours(golden::hashed_numbers(text("images of step ", step), {images, 3, 32, 32}),
                      golden::Layout::images),
      {}};
  for (int n = 0; n < images; n++) b.labels.push_back((3 * n + step) % 10);
  return b;
}

constexpr double tolerance =
    in_double_build ? 1e-9 : 1e-5;  // relative to a tensor's largest number

TEST(GoldenSeResnet20, LogitsInEvaluation) {
  const Model model = start_model();
  EXPECT_TRUE(close(model(batch(0).images, Mode::eval)->value, vectors().read("evaluate/logits"),
                    tolerance));
}

TEST(GoldenSeResnet20, LogitsLossAndAllGradientsInTraining) {
  const Model model = start_model();
  const Batch b = batch(0);
  const Var logits = model(b.images.clone(), Mode::train);
  EXPECT_TRUE(close(logits->value, vectors().read("train/logits"), tolerance));
  const Var loss = cross_entropy(logits, b.labels);
  const double expected_loss = static_cast<double>(vectors().read("sgd/losses")[0]);
  EXPECT_NEAR(static_cast<double>(loss->value.item()), expected_loss, tolerance * expected_loss);
  backward(loss);

  double difference = 0, whole = 0;  // squared norms over the whole gradient
  long numbers = 0;
  for (const Module::Entry& entry : model.module().state()) {
    if (entry.kind == Module::Kind::buffer) {
      EXPECT_TRUE(close(entry.var->value, vectors().read("running/" + entry.name), tolerance))
          << entry.name << " after one step";
      continue;
    }
    const Tensor expected = golden::to_ours(vectors().read("grad/" + entry.name), layout_of(entry));
    if (in_double_build) {
      EXPECT_TRUE(close(entry.var->grad, expected, tolerance)) << "gradient of " << entry.name;
    }
    ASSERT_EQ(entry.var->grad.shape(), expected.shape()) << entry.name;
    for (long i = 0; i < expected.size(); i++, numbers++) {
      const double d = static_cast<double>(entry.var->grad[i] - expected[i]),
                   e = static_cast<double>(expected[i]);
      difference += d * d, whole += e * e;
    }
  }
  EXPECT_EQ(numbers, 274'847);
  EXPECT_LE(std::sqrt(difference / whole), in_double_build ? 1e-9 : 1e-2);
}

// The numbers that make.py kept: every 17th of tensors above 2048, in PyTorch's layout.
Tensor sampled(const Tensor& torch) {
  if (torch.size() <= 2048) return torch.clone();
  const long every = std::stol(vectors().metadata().at("sample"));
  Tensor kept({(torch.size() + every - 1) / every});
  for (long i = 0; i < kept.size(); i++) kept[i] = torch[i * every];
  return kept;
}

// Training amplifies the rounding errors of the first step: where a ReLU's input is 0 up to
// rounding, two correct programs differ. So the learning rate is small (at 0.05 each step makes the
// difference ten times larger), and in float only the losses and the L2 norm over all weights are
// compared.
constexpr double loss_tolerance = in_double_build ? 1e-9 : 1e-4,
                 weights_tolerance = in_double_build ? 1e-9 : 1e-4;

TEST(GoldenSeResnet20, TenStepsOfSgd) {
  const Model model = start_model();
  const auto constant = [](const char* name) { return std::stod(vectors().metadata().at(name)); };
  std::vector<Parameter> trained;
  for (const Module::Entry& entry : model.module().state())
    if (entry.kind != Module::Kind::buffer) trained.push_back({entry.name, entry.var, true});
  Sgd sgd(trained, {.momentum = constant("momentum"),
                    .nesterov = true,
                    .weight_decay = constant("weight_decay")});
  Tensor losses({10});
  for (int step = 0; step < 10; step++) {
    Batch b = batch(step);
    const Var loss = cross_entropy(model(std::move(b.images), Mode::train), b.labels);
    losses[step] = loss->value.item();
    backward(loss);
    sgd.step(constant("lr"));
  }
  EXPECT_TRUE(close(losses, vectors().read("sgd/losses"), loss_tolerance));
  double difference = 0, whole = 0;
  for (const Module::Entry& entry : model.module().state()) {
    const Tensor ours = sampled(golden::to_torch(entry.var->value, layout_of(entry))),
                 expected = vectors().read("sgd/" + entry.name);
    if (in_double_build) {
      EXPECT_TRUE(close(ours, expected, tolerance)) << entry.name;
    }
    ASSERT_EQ(ours.shape(), expected.shape()) << entry.name;
    for (long i = 0; i < expected.size(); i++) {
      const double d = static_cast<double>(ours[i] - expected[i]),
                   e = static_cast<double>(expected[i]);
      difference += d * d, whole += e * e;
    }
  }
  EXPECT_LE(std::sqrt(difference / whole), weights_tolerance);
}

}  // namespace
}  // namespace excite
