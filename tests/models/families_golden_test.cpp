// A small network of each family, and with each of its options, against PyTorch: names, shapes, logits, gradients and running statistics.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "autograd/ops.h"
#include "core/files/crc.h"
#include "models/registry.h"
#include "tests/compare.h"
#include "tests/golden/vectors.h"

namespace excite {
namespace {

const SafetensorsFile& vectors(const std::string& file) {
  static std::map<std::string, SafetensorsFile> open;
  const auto found = open.find(file);
  return found != open.end() ? found->second : open.emplace(file, golden::open(file + ".safetensors")).first->second;
}

struct Case {
  std::string file, key, model, options;
  long pictures, side, names;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.model << " " << c.options; }

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string file : {"families", "inceptions"})
    for (const auto& [key, words] : vectors(file).metadata()) {
      if (!key.starts_with("case ")) continue;
      const nlohmann::json about = nlohmann::json::parse(words);
      all.push_back({file, key.substr(5), about["model"], about["options"], about["pictures"], about["side"], about["names"]});
    }
  return all;
}

golden::Layout layout_of(const Var& v) {
  const int rank = v.shape().rank();
  return rank == 4 ? golden::Layout::conv_weight : rank == 2 ? golden::Layout::linear_weight : golden::Layout::as_it_is;
}

class GoldenFamily : public testing::TestWithParam<Case> {
 protected:
  static long classes() { return std::stol(vectors(GetParam().file).metadata().at("classes")); }
  // With weights from the formula, and under their names in order.
  void SetUp() override {
    const Case& c = GetParam();
    Rng rng = Rng::silent();
    model_ = make_model(c.model, parse_settings(c.options), classes(), rng);
    for (const Module::Entry& e : model_->module.state()) {
      const golden::Layout layout = layout_of(e.var);
      e.var->value = golden::to_ours(golden::start(e.name, golden::to_torch(e.var->value, layout).shape()), layout);
      by_name_.emplace(e.name, e);
    }
    pictures_ = golden::to_ours(golden::formula(text("pictures of ", c.side), {c.pictures, 3, c.side, c.side}), golden::Layout::pictures);
  }
  Tensor expected(const std::string& what) const { return vectors(GetParam().file).read(GetParam().key + "/" + what); }

  // Two numbers of each tensor that `of` gives for an entry: its product with a vector of the formula, and its length.
  template <class Of>
  void expect_digests(const Tensor& digests, bool of_buffers, double tolerance, double together, const Of& of) const {
    double largest = 0, difference = 0, whole = 0;
    for (long i = 0; i < digests.dim(0); i++) largest = std::max(largest, static_cast<double>(digests[2 * i + 1]));
    long i = 0;
    for (const auto& [name, entry] : by_name_) {
      if ((entry.kind == Module::Kind::buffer) != of_buffers) continue;
      ASSERT_LT(i, digests.dim(0));
      const Tensor t = golden::to_torch(of(entry), layout_of(entry.var)), r = golden::formula("digest of " + name, t.shape());
      double product = 0, square = 0;
      for (long k = 0; k < t.size(); k++) {
        product += static_cast<double>(t[k]) * static_cast<double>(r[k]);
        square += static_cast<double>(t[k]) * static_cast<double>(t[k]);
      }
      const double length = static_cast<double>(digests[2 * i + 1]), allowed = tolerance * std::max(length, 1e-3 * largest);
      EXPECT_NEAR(product, static_cast<double>(digests[2 * i]), allowed) << name;
      EXPECT_NEAR(std::sqrt(square), length, allowed) << name;
      difference += std::pow(product - static_cast<double>(digests[2 * i]), 2), whole += length * length;
      i++;
    }
    EXPECT_EQ(i, digests.dim(0));
    EXPECT_LE(std::sqrt(difference), together * std::sqrt(whole));
  }

  std::optional<Model> model_;
  std::map<std::string, Module::Entry> by_name_;
  Tensor pictures_;
};

TEST_P(GoldenFamily, HasTheNamesAndShapesOfPyTorch) {
  std::string all;
  for (const auto& [name, entry] : by_name_)
    all += text(all.empty() ? "" : "\n", name, " ", golden::to_torch(entry.var->value, layout_of(entry.var)).shape());
  EXPECT_EQ(static_cast<long>(crc32(all.data(), all.size())), GetParam().names) << all;
}

TEST_P(GoldenFamily, Evaluates) {
  EXPECT_TRUE(close((*model_)(pictures_.clone(), Mode::evaluate)->value, expected("evaluate"), in_double_build ? 1e-9 : 1e-4));
}

// In float a ReLU within rounding of 0 may turn, so gradients are held all together, as in golden_test.
TEST_P(GoldenFamily, Trains) {
  const Var logits = (*model_)(pictures_.clone(), Mode::train);
  EXPECT_TRUE(close(logits->value, expected("train"), in_double_build ? 1e-9 : 1e-3));
  std::vector<int> labels;
  for (long n = 0; n < GetParam().pictures; n++) labels.push_back(static_cast<int>(n % classes()));
  backward(cross_entropy(logits, labels));
  expect_digests(expected("gradient"), false, in_double_build ? 1e-8 : 1, in_double_build ? 1e-8 : 0.02,
                 [](const Module::Entry& e) { return e.var->grad.clone(); });
  expect_digests(expected("running"), true, in_double_build ? 1e-9 : 1e-3, 1e-4, [](const Module::Entry& e) { return e.var->value.clone(); });
}

std::string name_of(const testing::TestParamInfo<Case>& c) {
  std::string name = c.param.file + c.param.key + "_" + c.param.model + "_" + c.param.options;
  for (char& letter : name)
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  return name;
}
INSTANTIATE_TEST_SUITE_P(Network, GoldenFamily, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace excite
