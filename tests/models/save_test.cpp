#include "models/save.h"

#include <cmath>

#include "autograd/ops.h"
#include "layers/batch_norm.h"
#include "layers/conv2d.h"
#include "layers/dropout.h"
#include "layers/embedding.h"
#include "layers/linear.h"
#include "layers/parameters.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Its names look like those of a PyTorch program in parallel, of Cadene's networks, and of
// torchvision's auxiliary classifier.
struct Net : Module {
  Conv2d conv;
  BatchNorm2d bn;
  Linear fc;
  Var scale;
  Net(const std::string& name, Rng& rng)
      : conv(own(name, Conv2d(3, 4, {3, 1}, rng))),
        bn(own("bn", BatchNorm2d(4))),
        fc(own("fc", Linear(4, 2, rng))),
        scale(bias("scale", normal({}, rng))) {
    bn.running_mean->value = normal({4}, rng);
  }
};

std::vector<Tensor> numbers_of(const Module& module) {
  std::vector<Tensor> all;
  for (const Module::Entry& e : module.state()) all.push_back(e.var->value.clone());
  return all;
}

void expect_same(const Module& module, const std::vector<Tensor>& expected) {
  ASSERT_EQ(module.state().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); i++)
    EXPECT_TRUE(same_bits(module.state()[i].var->value, expected[i])) << module.state()[i].name;
}

TEST(Save, AndLoadPreserveEveryBitOfAnyModule) {
  for (const char* name : {"conv", "module", "layer0", "layer0.conv3", "AuxLogits"}) {
    const ScratchFolder folder;
    Rng rng(1);
    const Net net(name, rng), other(name, rng);
    save(net, folder / "net.safetensors");
    EXPECT_FALSE(same_bits(other.conv.w->value, net.conv.w->value));
    load(other, folder / "net.safetensors");
    expect_same(other, numbers_of(net));
    EXPECT_EQ(folder.files(), (std::vector<std::string>{"net.safetensors"}));
  }
}

TEST(Save, WritesPyTorchsNamesAndLayout) {
  const ScratchFolder folder;
  Rng rng(1);
  const Net net("conv", rng);
  save(net, folder / "net.safetensors");
  const SafetensorsFile file(folder / "net.safetensors");
  EXPECT_EQ(file.names(),
            (std::vector<std::string>{"bn.bias", "bn.running_mean", "bn.running_var", "bn.weight",
                                      "conv.weight", "fc.bias", "fc.weight", "scale"}));
  EXPECT_EQ(file.entry("conv.weight").dims, (std::vector<long>{4, 3, 3, 1}));
  EXPECT_EQ(file.entry("fc.weight").dims, (std::vector<long>{2, 4}));
  EXPECT_EQ(file.entry("scale").dims, (std::vector<long>{}));
  const Tensor in_file = file.read("fc.weight");
  for (long i = 0; i < 4; i++)
    for (long o = 0; o < 2; o++) EXPECT_EQ(in_file[o * 4 + i], net.fc.w->value[i * 2 + o]);
}

// PyTorch permutes neither.
TEST(Save, WritesTablesAndImagesAsTheyAre) {
  struct Positions : Module {
    Embedding words;
    Var table, mask;
    explicit Positions(Rng& rng)
        : words(own("words", Embedding(5, 2, rng))),
          table(bias("table", normal({3, 4}, rng))),
          mask(buffer("mask", normal({1, 2, 3, 4}, rng))) {}
  };
  const ScratchFolder folder;
  Rng rng(1);
  const Positions net(rng), other(rng);
  save(net, folder / "net.safetensors");
  const SafetensorsFile file(folder / "net.safetensors");
  EXPECT_TRUE(same_bits(file.read("words.weight"), net.words.table->value));
  EXPECT_TRUE(same_bits(file.read("table"), net.table->value));
  EXPECT_TRUE(same_bits(file.read("mask"), net.mask->value));
  load(other, folder / "net.safetensors");
  expect_same(other, numbers_of(net));
}

// What PyTorch adds: counters, and in parallel training a prefix.
TEST(Load, ReadsAFileOfPyTorch) {
  const ScratchFolder folder;
  Rng rng(1);
  const Net net("conv", rng), other("conv", rng);
  NamedTensors tensors = state_of(net);
  for (auto& [name, tensor] : tensors) name = "module." + name;
  save_tensors(folder / "net.safetensors", {}, tensors, own_dialect(), Counters::written);
  load(other, folder / "net.safetensors");
  expect_same(other, numbers_of(net));
}

TEST(Load, IgnoresTheStateOfAnOptimizer) {
  const ScratchFolder folder;
  Rng rng(1);
  const Net net("conv", rng), other("conv", rng);
  NamedTensors tensors = state_of(net);
  Tensor momentum = zeros({2});
  tensors.emplace_back("optimizer.momentum.fc.bias", &momentum);
  save_tensors(folder / "last.safetensors", {}, tensors);
  load(other, folder / "last.safetensors");
  expect_same(other, numbers_of(net));
}

TEST(Load, FillsAllTensorsOrNone) {
  struct Different : Module {
    Linear fc, head;
    explicit Different(Rng& rng)
        : fc(own("fc", Linear(4, 3, rng))), head(own("head", Linear(2, 2, rng, Bias::none))) {}
  };
  const ScratchFolder folder;
  Rng rng(1);
  const Net net("conv", rng);
  const Different other(rng);
  const std::vector<Tensor> before = numbers_of(other);
  save(net, folder / "net.safetensors");
  EXPECT_TRUE(fails_saying<FileError>(
      [&] { load(other, folder / "net.safetensors"); },
      {"net.safetensors: its tensors are not the expected ones", "missing: head.weight",
       "unexpected: bn.weight, conv.weight, bn.bias, bn.running_mean, bn.running_var and 1 more",
       "wrong shape: fc.weight [2, 4] instead of [3, 4], fc.bias [2] instead of [3]"}));
  expect_same(other, before);
  EXPECT_TRUE(fails_saying<FileError>([&] { load(other, folder / "absent.safetensors"); },
                                      {"absent.safetensors"}));
}

// PyTorch's prefix is removed only where that fits better.
TEST(Load, NamesWhatIsMissingAsTheModuleDoes) {
  const ScratchFolder folder;
  Rng rng(1);
  const Net net("module", rng);
  NamedTensors tensors = state_of(net);
  tensors.pop_back();
  save_tensors(folder / "net.safetensors", {}, tensors);
  const std::string error = file_error([&] { load(net, folder / "net.safetensors"); });
  EXPECT_TRUE(error.ends_with("; missing: scale")) << error;
}

TEST(Save, NamesAFileThatCannotBeWritten) {
  const ScratchFolder folder;
  Rng rng(1);
  const Net net("conv", rng);
  EXPECT_TRUE(fails_saying<FileError>([&] { save(net, folder / "absent/net.safetensors"); },
                                      {"absent/net.safetensors"}));
}

// A network of the list is recognized by names and shapes.
TEST(Save, RefusesNumbersThatAreNotFiniteAndKeepsTheOldFile) {
  const ScratchFolder folder;
  Rng rng(1);
  const Net net("conv", rng);
  save(net, folder / "net.safetensors");
  const std::string good = get(folder / "net.safetensors");
  for (const double bad : {std::nan(""), -double(INFINITY)}) {
    net.bn.running_mean->value[2] = static_cast<real>(bad);
    EXPECT_TRUE(
        fails_saying([&] { save(net, folder / "net.safetensors"); },
                     {"net.safetensors: not saved: bn.running_mean [4] has numbers that are "
                      "not finite"}));
    EXPECT_EQ(get(folder / "net.safetensors"), good);
  }
}

TEST(Save, RefusesAModuleThatRegisteredNothing) {
  struct Forgotten : Module {
    Linear fc;
    explicit Forgotten(Rng& rng) : fc(4, 2, rng) {}
  };
  const ScratchFolder folder;
  Rng rng(1);
  const Forgotten net(rng);
  const std::vector<std::string> words = {"no parameters and no buffers", "fc(own(\"fc\""};
  EXPECT_TRUE(fails_saying([&] { save(net, folder / "net.safetensors"); }, words));
  EXPECT_TRUE(folder.files().empty());
  save_tensors(folder / "net.safetensors", {}, {});
  EXPECT_TRUE(fails_saying([&] { load(net, folder / "net.safetensors"); }, words));
}

TEST(Save, OfAListedModelIsReadByLoadModel) {
  const ScratchFolder folder;
  Rng rng(1);
  const Model model = make_model("se_resnet20", {}, 10, rng);
  save(model.module(), folder / "net.safetensors");
  const TrainedModel loaded = load_model(SafetensorsFile(folder / "net.safetensors"));
  EXPECT_EQ(loaded.model.name, "se_resnet20");
  expect_same(loaded.model.module(), numbers_of(model.module()));
}

// ---- checkpoints of a training loop ----

// With a table of rank 2, which is no weight of a linear layer, and with dropout.
struct Learner : Module {
  Linear fc1, fc2;
  BatchNorm2d bn;
  Dropout dropout;
  Var table;
  explicit Learner(long seed, Rng rng = Rng(0))
      : fc1(own("fc1", Linear(3, 8, rng = Rng(seed)))),
        fc2(own("fc2", Linear(8, 2, rng))),
        bn(own("bn", BatchNorm2d(8))),
        dropout(own("dropout", Dropout(real(0.3)))),
        table(bias("table", normal({6, 8}, rng))) {}
  Var operator()(const Var& x) const {
    return fc2(dropout(relu(bn(fc1(x) + table, Mode::train)), Mode::train));
  }
};

// Steps `begin` to `end` - 1. What is random in them is a function of the step.
template <class AnyOptimizer>
void train(const Learner& net, AnyOptimizer& optimizer, long begin, long end) {
  for (long step = begin; step < end; step++) {
    net.reseed(5, step);
    Rng rng(step);
    backward(cross_entropy(net(normal({6, 3}, rng)), {0, 1, 0, 1, 0, 1}));
    optimizer.step(0.05);
  }
}

template <class AnyOptimizer>
void expect_exact_resume() {
  const ScratchFolder folder;
  const std::string path = folder / "last.safetensors";
  const Learner whole(1);
  AnyOptimizer of_whole(parameters(whole));
  train(whole, of_whole, 0, 7);
  std::vector<Tensor> saved;
  {
    const Learner net(1);
    AnyOptimizer optimizer(parameters(net));
    const long step = 4;
    train(net, optimizer, 0, step);
    save_training(net, optimizer.state(), step, path);
    saved = numbers_of(net);
  }
  const Learner net(2);
  AnyOptimizer optimizer(parameters(net));
  const long step = load_training(net, optimizer.state(), path);
  EXPECT_EQ(step, 4);
  expect_same(net, saved);
  train(net, optimizer, step, 7);
  expect_same(net, numbers_of(whole));

  const Learner weights_alone(3);
  load(weights_alone, path);
  expect_same(weights_alone, saved);
}

TEST(SaveTraining, ContinuesWithTheSameBits) {
  expect_exact_resume<Sgd>();
  expect_exact_resume<AdamW>();
}

TEST(LoadTraining, RefusesOtherFilesAndChangesNothing) {
  const ScratchFolder folder;
  const std::string path = folder / "last.safetensors";
  const Learner net(1), other(2);
  AdamW adam(parameters(net));
  Sgd sgd(parameters(other));
  save_training(net, adam.state(), 3, path);
  const std::vector<Tensor> before = numbers_of(other);
  const auto load_sgd = [&] { load_training(other, sgd.state(), path); };
  EXPECT_TRUE(fails_saying<FileError>(
      load_sgd, {path, "its tensors are not the expected ones; missing: optimizer.momentum."}));
  save(net, path);
  EXPECT_TRUE(fails_saying<FileError>(load_sgd, {path, "no number of training steps"}));
  for (const char* steps : {"", "-1", "3 ", "1e3", "99999999999999999999"}) {
    save_tensors(path, {{"training_steps", steps}}, state_of(net));
    EXPECT_TRUE(fails_saying<FileError>(load_sgd, {path, "steps is '" + std::string(steps) + "'"}));
  }
  expect_same(other, before);
}

}  // namespace
}  // namespace excite
