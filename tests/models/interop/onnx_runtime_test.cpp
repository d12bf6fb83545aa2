// Exported networks in the hands of others: onnx's checker, which `make test-long` installs, and
// ONNX Runtime, which `make test-night` installs below build/onnx.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "core/kernels/softmax.h"
#include "models/interop/onnx.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Random weights and running statistics, as after training.
Model random_model(const std::string& name, const Settings& options) {
  Rng rng(7);
  Model model = make_model(name, options, 5, rng);
  for (const auto& [tensor, values] : state_of(model.module()))
    if (tensor.ends_with("running_mean"))
      *values = normal(values->shape(), rng, 0, real(0.3));
    else if (tensor.ends_with("running_var") || tensor.ends_with(".gamma"))
      *values = uniform(values->shape(), rng, real(0.5), real(1.5));
  return model;
}

void put_floats(const std::string& path, const Tensor& x) {
  const std::vector<float> floats(x.begin(), x.end());
  put(path, {reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float)});
}

// [N, H, W, C] -> [N, C, H, W]
Tensor channels_first(const Tensor& x) {
  const long n = x.dim(0), pixels = x.dim(1) * x.dim(2), channels = x.dim(3);
  Tensor y({n, channels, x.dim(1), x.dim(2)});
  for (long i = 0; i < n; i++)
    for (long p = 0; p < pixels; p++)
      for (long c = 0; c < channels; c++)
        y[(i * channels + c) * pixels + p] = x[(i * pixels + p) * channels + c];
  return y;
}

// Writes STEM.onnx, STEM.images with three images from 0 to 1, and STEM.expected.
void write_case(const std::string& stem, const Model& model, OnnxOptions options) {
  const Preprocessing p{std::vector<std::string>(5, "a"), {0.4, 0.5, 0.6}, {0.2, 0.25, 0.5}};
  const long side = std::max(model.image_size > 32 ? 75l : 32l, model.min_image_size);
  options.image_size = side;
  write_onnx(stem + ".onnx", {model, p}, options);
  Rng rng(11);
  Tensor images = uniform({3, side, side, 3}, rng);
  put_floats(stem + ".images", channels_first(images));
  for (long i = 0; i < images.size(); i++)
    images[i] =
        (images[i] - static_cast<real>(p.mean[i % 3])) / static_cast<real>(p.deviation[i % 3]);
  const Tensor logits = model(std::move(images), Mode::eval)->value.clone();
  put_floats(stem + ".expected", options.softmax ? softmax(logits) : logits.clone());
}

// Every small network with its defaults, folded, and with each of its options changed. Returns the
// number of files.
long write_cases(const ScratchFolder& folder) {
  const std::map<std::string, std::string> changes{
      {"shortcut", "A"},  {"stem_pool", "floor"}, {"stem", "3x3"},  {"se", "pre"},
      {"squeeze", "max"}, {"gate", "tanh"},       {"se_fc", "1x1"}, {"se_bias", "off"}};
  write_case(folder / "no-squeeze", random_model("se_resnet8", {{"squeeze", "none"}}), {});
  write_case(folder / "ones", random_model("se_resnet8", {{"squeeze", "ones"}}), {});
  long written = 2;
  std::set<std::string> seen;
  for (const ModelEntry& entry : model_list()) {
    if (!seen.insert(entry.small_variant).second) continue;
    const Model model = random_model(entry.small_variant, {});
    const std::string stem = folder / entry.small_variant;
    write_case(stem, model, {});
    write_case(stem + "-folded", model, {.opset = 13, .softmax = true, .fold_batch_norm = true});
    written += 2;
    for (const auto& [key, value] : changes)
      if (entry.defaults.contains(key)) {
        write_case(stem + "-" + key, random_model(entry.small_variant, {{key, value}}),
                   {.opset = 18});
        written++;
      }
  }
  return written;
}

TEST(LongOnnx, EveryNetworkPassesTheChecker) {
  const ScratchFolder folder;
  const long written = write_cases(folder);
  const std::string check =
      "import glob, onnx, sys\n"
      "files = glob.glob(sys.argv[1] + '/*.onnx')\n"
      "for file in files: onnx.checker.check_model(file, full_check=True)\n"
      "print(len(files), 'files are right')";
  const Ending ending = Child({"/usr/bin/python3", "-c", check, folder.path()}).wait();
  EXPECT_EQ(ending.code, 0) << ending.err;
  EXPECT_EQ(ending.out, std::to_string(written) + " files are right\n");
}

TEST(NightOnnx, EveryNetworkAndOptionGivesTheSameLogitsInOnnxRuntime) {
  const ScratchFolder folder;
  const long written = write_cases(folder);
  const std::string python =
      std::filesystem::path(program()).parent_path().string() + "/onnx/bin/python";
  const Ending ending =
      Child({python, "tests/models/interop/onnx_runtime.py", folder.path()}).wait();
  EXPECT_EQ(ending.code, 0) << ending.err;
  expect_contains(ending.out, std::to_string(written) + " files agree");
}

}  // namespace
}  // namespace excite
