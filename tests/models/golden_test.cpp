// SE-ResNet-20 against PyTorch: logits, loss, all gradients, running statistics, and ten steps of SGD.
#include <gtest/gtest.h>

#include <cmath>

#include "autograd/ops.h"
#include "models/registry.h"
#include "tests/compare.h"
#include "tests/golden/vectors.h"

namespace excite {
namespace {

const SafetensorsFile& vectors() {
  static const SafetensorsFile file = golden::open("se_resnet20.safetensors");
  return file;
}

golden::Layout layout_of(const Module::Entry& entry) {
  const int rank = entry.var.shape().rank();
  return rank == 4 ? golden::Layout::conv_weight : rank == 2 ? golden::Layout::linear_weight : golden::Layout::as_it_is;
}

Model start_model() {
  Rng rng(0);
  Model model = make_model("se_resnet20", {}, 10, rng);
  for (const Module::Entry& entry : model.module.state()) {
    const Shape torch_shape = golden::to_torch(entry.var->value, layout_of(entry)).shape();
    entry.var->value = golden::to_ours(golden::start(entry.name, torch_shape), layout_of(entry));
  }
  return model;
}

struct Batch {
  Tensor pictures;
  std::vector<int> labels;
};
Batch batch(int step) {
  const int pictures = std::stoi(vectors().metadata().at("pictures"));
  Batch b{golden::to_ours(golden::formula(text("pictures of step ", step), {pictures, 3, 32, 32}), golden::Layout::pictures), {}};
  for (int n = 0; n < pictures; n++) b.labels.push_back((3 * n + step) % 10);
  return b;
}

constexpr double tolerance = in_double_build ? 1e-9 : 1e-5;  // of a tensor's largest number

TEST(GoldenSeResnet20, LogitsInEvaluation) {
  const Model model = start_model();
  EXPECT_TRUE(close(model(batch(0).pictures, Mode::evaluate)->value, vectors().read("evaluate/logits"), tolerance));
}

TEST(GoldenSeResnet20, LogitsLossAndAllGradientsInTraining) {
  const Model model = start_model();
  const Batch b = batch(0);
  const Var logits = model(b.pictures.clone(), Mode::train);
  EXPECT_TRUE(close(logits->value, vectors().read("train/logits"), tolerance));
  const Var loss = cross_entropy(logits, b.labels);
  const double expected_loss = static_cast<double>(vectors().read("sgd/losses")[0]);
  EXPECT_NEAR(static_cast<double>(loss->value.item()), expected_loss, tolerance * expected_loss);
  backward(loss);

  double difference = 0, whole = 0;  // squared, over the whole gradient
  long numbers = 0;
  for (const Module::Entry& entry : model.module.state()) {
    if (entry.kind == Module::Kind::buffer) {
      EXPECT_TRUE(close(entry.var->value, vectors().read("running/" + entry.name), tolerance)) << entry.name << " after one step";
      continue;
    }
    const Tensor expected = golden::to_ours(vectors().read("grad/" + entry.name), layout_of(entry));
    if (in_double_build) {
      EXPECT_TRUE(close(entry.var->grad, expected, tolerance)) << "gradient of " << entry.name;
    }
    ASSERT_EQ(entry.var->grad.shape(), expected.shape()) << entry.name;
    for (long i = 0; i < expected.size(); i++, numbers++) {
      const double d = static_cast<double>(entry.var->grad[i] - expected[i]), e = static_cast<double>(expected[i]);
      difference += d * d, whole += e * e;
    }
  }
  EXPECT_EQ(numbers, 274'847);
  EXPECT_LE(std::sqrt(difference / whole), in_double_build ? 1e-9 : 1e-2);
}

// The same numbers of a tensor as make.py kept: of more than 2048 every 17th, in PyTorch's layout.
Tensor sampled(const Tensor& torch) {
  if (torch.size() <= 2048) return torch.clone();
  const long every = std::stol(vectors().metadata().at("sample"));
  Tensor some({(torch.size() + every - 1) / every});
  for (long i = 0; i < some.size(); i++) some[i] = torch[i * every];
  return some;
}

// v = momentum v + g and w -= lr (g + momentum v), where g is the gradient with the weight decay in it.
void step_of_sgd(const Module::Entry& entry, Tensor& v) {
  const auto constant = [](const char* name) { return static_cast<real>(std::stod(vectors().metadata().at(name))); };
  const real lr = constant("lr"), momentum = constant("momentum"), decay = constant("weight_decay");
  Tensor &w = entry.var->value, &grad = entry.var->grad;
  for (long i = 0; i < w.size(); i++) {
    const real g = grad[i] + decay * w[i];
    v[i] = momentum * v[i] + g;
    w[i] -= lr * (g + momentum * v[i]);
  }
  grad = Tensor();
}

// Ten steps multiply what float rounds off in the first by what training does with it.
constexpr double loss_tolerance = in_double_build ? 1e-9 : 1e-2, weight_tolerance = in_double_build ? 1e-9 : 1e-2;

TEST(GoldenSeResnet20, TenStepsOfSgd) {
  const Model model = start_model();
  std::vector<Tensor> velocity;
  for (const Module::Entry& entry : model.module.state()) velocity.push_back(zeros(entry.var.shape()));
  Tensor losses({10});
  for (int step = 0; step < 10; step++) {
    Batch b = batch(step);
    const Var loss = cross_entropy(model(std::move(b.pictures), Mode::train), b.labels);
    losses[step] = loss->value.item();
    backward(loss);
    for (std::size_t i = 0; i < velocity.size(); i++)
      if (model.module.state()[i].kind != Module::Kind::buffer) step_of_sgd(model.module.state()[i], velocity[i]);
  }
  EXPECT_TRUE(close(losses, vectors().read("sgd/losses"), loss_tolerance));
  // Ten steps make rounding errors large in single weights, so in float all of them together are held, by their length.
  double apart = 0, length = 0;
  for (const Module::Entry& entry : model.module.state()) {
    const Tensor ours = sampled(golden::to_torch(entry.var->value, layout_of(entry)));
    const Tensor expected = vectors().read("sgd/" + entry.name);
    if (sizeof(real) == sizeof(double)) {
      EXPECT_TRUE(close(ours, expected, weight_tolerance)) << entry.name;
    }
    ASSERT_EQ(ours.shape(), expected.shape()) << entry.name;
    for (long i = 0; i < ours.size(); i++) {
      apart += std::pow(static_cast<double>(ours[i]) - static_cast<double>(expected[i]), 2);
      length += std::pow(static_cast<double>(expected[i]), 2);
    }
  }
  EXPECT_LT(std::sqrt(apart / length), 1e-2);
}

}  // namespace
}  // namespace excite
