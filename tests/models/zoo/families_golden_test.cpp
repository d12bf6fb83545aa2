// Compares with PyTorch a small network of each family, with each of its options, and networks of
// full size as the libraries that define them build them: names, shapes, logits, gradients and
// running statistics.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "autograd/ops.h"
#include "core/files/crc.h"
#include "models/zoo/registry.h"
#include "tests/golden/vectors.h"
#include "tests/models/interop/of_dialect.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

const SafetensorsFile& vectors(const std::string& file) {
  static std::map<std::string, SafetensorsFile> open;
  const auto found = open.find(file);
  return found != open.end()
             ? found->second
             : open.emplace(file, golden::open(file + ".safetensors")).first->second;
}

struct Case {
  std::string file, key, network,
      options;  // network: se_resnet50, or as another program builds it: se_resnet50@timm
  long images, side, names;
};
std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.network << " " << c.options;
}

std::vector<Case> cases(const std::vector<std::string>& files) {
  std::vector<Case> all;
  for (const std::string& file : files)
    for (const auto& [key, words] : vectors(file).metadata()) {
      if (!key.starts_with("case ")) continue;
      const nlohmann::json about = nlohmann::json::parse(words);
      all.push_back({file, key.substr(5), about["model"], about["options"], about["images"],
                     about["side"], about["names"]});
    }
  return all;
}

// The model, and the dialect of its tensor names.
std::pair<Model, Dialect> built(const Case& c, long classes) {
  const std::vector<std::string> words = split(c.network, '@');
  Rng rng = Rng::silent();
  if (words.size() == 1)
    return {make_model(c.network, parse_settings(c.options), classes, rng), own_dialect()};
  const Dialect& dialect = dialect_for(words[0], words[1]);
  return {built_as(dialect, words[0], classes, parse_settings(c.options)), dialect};
}

golden::Layout layout_of(const Var& v) {
  const int rank = v.shape().rank();
  return rank == 4   ? golden::Layout::conv_weight
         : rank == 2 ? golden::Layout::linear_weight
                     : golden::Layout::same;
}

class GoldenFamily : public testing::TestWithParam<Case> {
 protected:
  static long classes() { return std::stol(vectors(GetParam().file).metadata().at("classes")); }
  void SetUp() override {
    const auto& [model, dialect] = built(GetParam(), classes());
    model_ = model;
    for (const Module::Entry& e : model.module().state())
      by_name_.emplace(dialect.to_theirs(e.name), e);
  }
  // The weights come from the formula of golden::start.
  Var logits(Mode mode) const {
    const Case& c = GetParam();
    for (const auto& [name, e] : by_name_) {
      const golden::Layout layout = layout_of(e.var);
      e.var->value = golden::to_ours(
          golden::initial_state(name, golden::torch_shape(e.var.shape(), layout)), layout);
    }
    const Tensor images =
        golden::hashed_numbers(text("images of ", c.side), {c.images, 3, c.side, c.side});
    return (*model_)(golden::to_ours(images, golden::Layout::images), mode);
  }
  Tensor expected(const std::string& what) const {
    return vectors(GetParam().file).read(GetParam().key + "/" + what);
  }

  // Compares the digest of the tensor that `of` returns for each entry.
  template <class Of>
  void expect_digests(const Tensor& digests, bool of_buffers, double tolerance, double together,
                      const Of& of) const {
    double largest = 0, difference = 0, whole = 0;
    for (long i = 0; i < digests.dim(0); i++)
      largest = std::max(largest, static_cast<double>(digests[2 * i + 1]));
    long i = 0;
    for (const auto& [name, entry] : by_name_) {
      if ((entry.kind == Module::Kind::buffer) != of_buffers) continue;
      ASSERT_LT(i, digests.dim(0));
      const golden::Digest ours =
          golden::digest(name, golden::to_torch(of(entry), layout_of(entry.var)));
      const double norm = static_cast<double>(digests[2 * i + 1]),
                   allowed = tolerance * std::max(norm, 1e-3 * largest);
      EXPECT_NEAR(ours.product, static_cast<double>(digests[2 * i]), allowed) << name;
      EXPECT_NEAR(ours.norm, norm, allowed) << name;
      difference += std::pow(ours.product - static_cast<double>(digests[2 * i]), 2),
          whole += norm * norm;
      i++;
    }
    EXPECT_EQ(i, digests.dim(0));
    EXPECT_LE(std::sqrt(difference), together * std::sqrt(whole));
  }

  std::optional<Model> model_;
  std::map<std::string, Module::Entry> by_name_;  // by the names in the file
};

TEST_P(GoldenFamily, HasTheNamesAndShapesOfPyTorch) {
  std::string all;
  for (const auto& [name, entry] : by_name_)
    all += text(all.empty() ? "" : "\n", name, " ",
                golden::torch_shape(entry.var.shape(), layout_of(entry.var)));
  EXPECT_EQ(static_cast<long>(crc32(all.data(), all.size())), GetParam().names) << all;
}

TEST_P(GoldenFamily, Evaluates) {
  EXPECT_TRUE(
      close(logits(Mode::eval)->value, expected("evaluate"), in_double_build ? 1e-9 : 1e-4));
}

// In float, rounding may change the sign of a ReLU's input, so the gradients are compared all
// together, as in golden_test.cpp. Deeper networks differ more: the gradient of Inception-v4 in
// PyTorch's float is 4 % from that in its double.
TEST_P(GoldenFamily, Trains) {
  const bool deep = GetParam().file == "full_size";
  const double value_in_float = deep ? 1e-2 : 1e-3, gradient_in_float = deep ? 0.1 : 0.02;
  const Var y = logits(Mode::train);
  EXPECT_TRUE(close(y->value, expected("train"), in_double_build ? 1e-9 : value_in_float));
  std::vector<int> labels;
  for (long n = 0; n < GetParam().images; n++) labels.push_back(static_cast<int>(n % classes()));
  backward(cross_entropy(y, labels));
  expect_digests(expected("gradient"), false, in_double_build ? 1e-8 : 1,
                 in_double_build ? 1e-8 : gradient_in_float,
                 [](const Module::Entry& e) { return e.var->grad.clone(); });
  expect_digests(expected("running"), true, in_double_build ? 1e-9 : 1e-3, 1e-4,
                 [](const Module::Entry& e) { return e.var->value.clone(); });
}

std::string name_of(const testing::TestParamInfo<Case>& c) {
  std::string name = c.param.file + c.param.key + "_" + c.param.network + "_" + c.param.options;
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Network, GoldenFamily,
                         testing::ValuesIn(cases({"families", "inceptions"})), name_of);
INSTANTIATE_TEST_SUITE_P(LongNetwork, GoldenFamily, testing::ValuesIn(cases({"full_size"})),
                         name_of);

}  // namespace
}  // namespace excite
