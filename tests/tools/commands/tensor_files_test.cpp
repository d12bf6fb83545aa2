// predict --tensors and backward, which read and write tensors to compare with another program.
#include "tools/commands/tensor_files.h"

#include "autograd/ops.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

Model made(const std::string& name, const Settings& options = {}) {
  Rng rng(5);
  return make_model(name, options, 3, rng);
}

// Converts the axes of a file to ours: [K, C, R, S] to [R, S, C, K], [K, C] to [C, K]; others are
// copied.
Tensor from_file_layout(Tensor x, const Shape& shape) {
  EXPECT_EQ(x.shape(), Shape(dims_in_file(shape)));
  if (shape.rank() != 2 && shape.rank() != 4) return x.clone();
  const long out = x.dim(0), in = x.dim(1), taps = x.size() / (in * out);
  Tensor y(shape);
  for (long k = 0; k < out; k++)
    for (long c = 0; c < in; c++)
      for (long t = 0; t < taps; t++) y[(t * in + c) * out + k] = x[(k * in + c) * taps + t];
  return y;
}

struct OnTensors : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / "w.safetensors", tensors = folder / "in.safetensors",
                    out = folder / "out.safetensors";
  const Preprocessing preprocessing{{"ant", "bee", "cat"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}};
  const Tensor input = [] {
    Rng rng(7);
    return normal({2, 3, 40, 35}, rng);
  }();
  const double tolerance = in_double_build ? 1e-12 : 1e-5;

  void save(const Model& model) {
    save_tensors(weights, describe(model, preprocessing), state_of(model.module()));
  }
  void write(const Tensor& x, const Integers& target) {
    write_safetensors(tensors, {}, {{"input", &x}, {"target", target}});
  }
  Ending run(const std::string& command) {
    return excite_program({command, "--weights", weights, "--tensors", tensors, "--out", out});
  }

  // The input as [N, H, W, 3].
  Tensor images() const {
    Tensor x({2, 40, 35, 3});
    for (long n = 0; n < 2; n++)
      for (long c = 0; c < 3; c++)
        for (long h = 0; h < 40; h++)
          for (long w = 0; w < 35; w++)
            x[((n * 40 + h) * 35 + w) * 3 + c] = input[((n * 3 + c) * 40 + h) * 35 + w];
    return x;
  }
};

struct PredictTensors : OnTensors {};
struct BackwardTensors : OnTensors {};

TEST_F(PredictTensors, WritesTheLogitsOfImagesThatAreNotPreprocessed) {
  const Model model = made("se_small_resnet");
  save(model);
  write(input, {{2}, {0, 1}});
  const Ending ended = run("predict");
  ASSERT_EQ(ended.code, 0) << ended.err;
  const SafetensorsFile file(out);
  EXPECT_EQ(file.names(), std::vector<std::string>{"logits"});
  EXPECT_TRUE(close(file.read("logits"), model(images(), Mode::eval)->value, tolerance));
}

TEST_F(PredictTensors, UsesThePrecisionThatWasAskedFor) {
  const Model model = made("se_resnet8");
  save(model);
  write(input, {{2}, {0, 1}});
  const std::vector<std::string> in_bfloat16{
      "predict", "--weights", weights, "--tensors", tensors, "--out", out, "--precision", "bf16"};
  if (!program_has_bfloat16()) {
    expect_failure(excite_program(in_bfloat16), 1,
                   {"predict: bfloat16: this build has no bfloat16"});
    return;
  }
  ASSERT_EQ(run("predict").code, 0);
  const Tensor full = SafetensorsFile(out).read("logits");
  ASSERT_EQ(excite_program(in_bfloat16).code, 0);
  const Tensor rounded = SafetensorsFile(out).read("logits");
  EXPECT_FALSE(same_bits(rounded, full));
  EXPECT_TRUE(close(rounded, full, 0.05));
}

TEST_F(PredictTensors, NamesTheTensorsThatItNeeds) {
  save(made("se_small_resnet"));
  const auto refused = [&](const std::vector<TensorToWrite>& list,
                           const std::vector<std::string>& words) {
    write_safetensors(tensors, {}, list);
    expect_failure(run("predict"), 3, words);
  };
  const Tensor last({1, 40, 40, 3}), matrix({3, 3});
  refused({{"images", &input}}, {"in.safetensors", "no tensor 'input'"});
  refused({{"input", &last}},
          {"tensor 'input' is", "[1, 40, 40, 3], expected F32 or F64 [N, 3, H, W]"});
  refused({{"input", &matrix}}, {"[3, 3], expected"});
  refused({{"input", Integers{{1, 3, 1, 1}, {0, 0, 0}}}},
          {"tensor 'input' is I64 [1, 3, 1, 1], expected"});
  refused({{"input", Integers{{0, 3, 8, 8}, {}}}}, {"I64 [0, 3, 8, 8], expected"});
  EXPECT_FALSE(std::filesystem::exists(out));
  expect_failure(excite_program({"predict", "--weights", weights, "--tensors", tensors}), 2,
                 {"--tensors FILE and --out FILE must be given together"});
  expect_failure(excite_program({"predict", "--weights", weights}), 2,
                 {"either images or --tensors"});
  expect_failure(excite_program({"predict", "--weights", weights, "--tensors", tensors, "--out",
                                 out, "a.png"}),
                 2, {"either images or --tensors"});
  for (const std::vector<std::string>& option : {std::vector<std::string>{"--csv", "p.csv"},
                                                 {"--json"},
                                                 {"--strict"},
                                                 {"--resize", "bicubic"},
                                                 {"--top", "2"}}) {
    std::vector<std::string> command{"predict", "--weights", weights, "--tensors",
                                     tensors,   "--out",     out};
    command.insert(command.end(), option.begin(), option.end());
    expect_failure(excite_program(command), 2, {option[0], "cannot be combined with", "--tensors"});
  }
}

TEST_F(OnTensors, PredictAndBackwardNeverOverwriteTheirInput) {
  save(made("se_small_resnet"));
  write(input, {{2}, {0, 1}});
  for (const char* command : {"predict", "backward"})
    for (const std::string& out_file : {weights, tensors}) {
      const std::string before = get(out_file);
      expect_failure(
          excite_program({command, "--weights", weights, "--tensors", tensors, "--out", out_file}),
          2, {"the output " + out_file + " is the input"});
      EXPECT_TRUE(get(out_file) == before) << command;
    }
}

TEST_F(OnTensors, PredictAndBackwardNameTheFileOfImagesThatAreTooSmall) {
  const Model model = made("small_inception_v3");
  save(model);
  const long side = model.min_image_size - 1;
  ASSERT_GT(side, 0);
  write(zeros({2, 3, side, side + 1}), {{2}, {0, 1}});
  for (const char* command : {"predict", "backward"})
    expect_failure(run(command), 3,
                   {text("in.safetensors: tensor 'input' has images of ", side, "x", side + 1,
                         " pixels, too small for small_inception_v3, which needs at least ",
                         side + 1, "x", side + 1)});
  EXPECT_FALSE(std::filesystem::exists(out));
}

// Names and layouts are those of the file of weights. The dropout of this model is off.
TEST_F(BackwardTensors, WritesTheLossEveryGradientAndTheNewStatistics) {
  const Model model = made("small_senet", {{"dropout", "0.9"}}),
              without = made("small_senet", {{"dropout", "0"}});
  save(model);
  write(input, {{2}, {2, 1}});
  const Ending ended = run("backward");
  ASSERT_EQ(ended.code, 0) << ended.err;

  const UseImplementation plain({.fused = false});
  const Var loss = cross_entropy(without.run(images(), Mode::train), {2, 1});
  backward(loss);
  const SafetensorsFile file(out);
  EXPECT_EQ(file.names().size(), 1 + without.module().state().size());
  EXPECT_TRUE(close(file.read("loss"), loss->value, tolerance));
  const double wider = in_double_build ? 1e-9 : 0.02;
  for (const Module::Entry& e : without.module().state())
    EXPECT_TRUE(close(from_file_layout(file.read(e.name), e.var.shape()),
                      e.kind == Module::Kind::buffer ? e.var->value : e.var->grad, wider))
        << e.name;
}

// The branch weights of Shake-Shake, which are random in training, are 1/2.
TEST_F(BackwardTensors, DrawsNoRandomNumbers) {
  const auto shake = [](const char* forward, const char* backward) {
    return made("small_shake", {{"forward", forward}, {"backward", backward}});
  };
  const Model model = shake("shake", "shake"), even = shake("even", "even");
  save(model);
  write(input, {{2}, {2, 1}});
  const Ending ended = run("backward");
  ASSERT_EQ(ended.code, 0) << ended.err;
  const UseImplementation plain({.fused = false});
  const Var loss = cross_entropy(even.run(images(), Mode::train), {2, 1});
  backward(loss);
  const SafetensorsFile file(out);
  EXPECT_TRUE(close(file.read("loss"), loss->value, tolerance));
  for (const Module::Entry& e : even.module().state())
    if (e.kind == Module::Kind::weight) {
      EXPECT_TRUE(close(from_file_layout(file.read(e.name), e.var.shape()), e.var->grad,
                        in_double_build ? 1e-9 : 0.02))
          << e.name;
    }
}

TEST_F(BackwardTensors, UsesTheTensorNamesOfTheWeights) {
  const Model model = made("se_small_bottleneck", {{"se_fc", "1x1"}});
  for (const Dialect& d : dialects())
    if (d.name == "timm-legacy") save_tensors(weights, {}, state_of(model.module()), d);
  write(input, {{2}, {2, 1}});
  const Ending ended = run("backward");
  ASSERT_EQ(ended.code, 0) << ended.err;
  const SafetensorsFile file(out);
  for (const char* name : {"layer0.conv1.weight", "layer0.bn1.running_var",
                           "layer1.0.se_module.fc1.bias", "last_linear.weight", "loss"})
    EXPECT_TRUE(file.contains(name)) << name;
  EXPECT_EQ(file.entry("layer4.0.se_module.fc2.weight").dims, (std::vector<long>{128, 8, 1, 1}));
}

TEST_F(BackwardTensors, RefusesInvalidTargets) {
  save(made("se_small_resnet"));
  const auto refused = [&](const TensorToWrite& target, const std::vector<std::string>& words) {
    write_safetensors(tensors, {}, {{"input", &input}, target});
    expect_failure(run("backward"), 3, words);
  };
  const Tensor real_numbers({2});
  refused({"target", Integers{{2}, {0, 3}}},
          {"tensor 'target' has 3 at index 1, expected a class from 0 to 2"});
  refused({"target", Integers{{2}, {-1, 0}}}, {"tensor 'target' has -1 at index 0"});
  refused({"target", Integers{{3}, {0, 1, 2}}}, {"tensor 'target' is I64 [3], expected I64 [2]"});
  refused({"target", Integers{{2, 1}, {0, 1}}}, {"I64 [2, 1], expected I64 [2]"});
  refused({"target", &real_numbers}, {"tensor 'target' is F", "expected I64 [2]"});
  refused({"labels", Integers{{2}, {0, 1}}}, {"no tensor 'target'"});
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace excite
