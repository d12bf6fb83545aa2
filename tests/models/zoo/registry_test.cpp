#include "models/zoo/registry.h"

#include <fstream>
#include <iterator>
#include <map>

#include "autograd/ops.h"
#include "core/shapes_only.h"
#include "tests/support/compare.h"

namespace excite {
namespace {

Model made(const std::string& name, const std::string& settings = "", long classes = 10) {
  Rng rng(0);
  return make_model(name, parse_settings(settings), classes, rng);
}

TEST(Registry, ModelsHaveTheExactNumberOfParameters) {
  const auto count = [](const std::string& name, const std::string& settings = "") {
    return made(name, settings).module().parameter_count();
  };
  struct Row {
    std::string depth;
    long plain, se, se_without_biases, se_with_shortcut_a;
  };
  for (const Row& row : {Row{"20", 272'474, 274'847, 274'490, 272'095},
                         Row{"32", 466'906, 470'861, 470'266, 468'109},
                         Row{"44", 661'338, 666'875, 666'042, 664'123},
                         Row{"56", 855'770, 862'889, 861'818, 860'137},
                         Row{"110", 1'730'714, 1'744'952, 1'742'810, 1'742'200}}) {
    EXPECT_EQ(count("resnet" + row.depth), row.plain) << row.depth;
    EXPECT_EQ(count("se_resnet" + row.depth), row.se) << row.depth;
    EXPECT_EQ(count("se_resnet" + row.depth, "se_bias=off"), row.se_without_biases) << row.depth;
    EXPECT_EQ(count("se_resnet" + row.depth, "shortcut=A"), row.se_with_shortcut_a) << row.depth;
  }
}

TEST(Registry, AModelsDefaultOptions) {
  EXPECT_EQ(made("se_resnet20").options, (Settings{{"gate", "sigmoid"},
                                                   {"reduction", "16"},
                                                   {"se", "standard"},
                                                   {"se_bias", "on"},
                                                   {"se_fc", "linear"},
                                                   {"se_least", "1"},
                                                   {"se_stages", "2,3,4"},
                                                   {"shortcut", "B"},
                                                   {"squeeze", "avg"}}));
  EXPECT_EQ(made("resnet20").options, (Settings{{"shortcut", "B"}}));
  EXPECT_EQ(made("se_resnet20", "reduction=16,shortcut=B,se_bias=on").module().parameter_count(),
            274'847);
}

TEST(Registry, OptionsChangeTheModel) {
  // An SE block of C channels and reduction r has 2 C^2/r weights and C/r + C biases.
  const auto se = [](long c, long r) { return 2 * c * c / r + c / r + c; };
  EXPECT_EQ(made("se_resnet20", "reduction=8").module().parameter_count(),
            272'474 + 3 * (se(16, 8) + se(32, 8) + se(64, 8)));
  EXPECT_EQ(made("se_resnet20", "", 100).module().parameter_count(), 274'847 + 90 * 65);
}

// se_resnet20.txt has timm's names and PyTorch's shapes, so that PyTorch's checkpoints fit.
TEST(Registry, SeResnet20HasTimmsNamesAndShapes) {
  std::ifstream file("tests/models/se_resnet20.txt");
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  const Model model = made("se_resnet20");
  std::string all;
  for (const Module::Entry& e : model.module().state()) {
    const Shape& s = e.var.shape();
    const Shape torch = s.rank() == 4   ? Shape{s[3], s[2], s[0], s[1]}
                        : s.rank() == 2 ? Shape{s[1], s[0]}
                                        : s;
    all += text(e.name, " ", torch, "\n");
  }
  EXPECT_EQ(all, committed);
}

// The tensors of both, by name; counts them.
long expect_same_first_weights(const Model& a, const Model& b, const std::string& what) {
  std::map<std::string, Tensor> tensors;
  for (const Module::Entry& e : a.module().state()) tensors.emplace(e.name, e.var->value.clone());
  long shared = 0;
  for (const Module::Entry& e : b.module().state()) {
    const auto same = tensors.find(e.name);
    if (same == tensors.end() || same->second.shape() != e.var.shape()) continue;
    EXPECT_TRUE(same_bits(same->second, e.var->value)) << what << ": " << e.name;
    shared++;
  }
  return shared;
}

// Two arms of a study then differ in squeeze-and-excitation alone. Those with blocks of the same
// shape also share the weights of these.
TEST(Registry, VariantsOfANetworkBeginWithTheSameWeights) {
  const Model plain = made("resnet20"), se = made("se_resnet20");
  const long others = std::ssize(plain.module().state()), blocks = 9 * 4;
  ASSERT_EQ(std::ssize(se.module().state()), others + blocks);
  for (const std::string settings :
       {"", "reduction=2", "reduction=4", "reduction=8", "reduction=32", "squeeze=max",
        "squeeze=none", "squeeze=ones", "gate=tanh", "gate=relu", "se=pre", "se=post",
        "se=identity", "se=inside", "se_stages=2", "se_stages=3", "se_stages=4", "se_bias=off"}) {
    const Model arm = made("se_resnet20", settings);
    EXPECT_EQ(expect_same_first_weights(plain, arm, settings), others) << settings;
    if (settings.starts_with("squeeze") || settings.starts_with("gate") || settings == "se=post") {
      EXPECT_EQ(expect_same_first_weights(se, arm, settings), others + blocks) << settings;
    }
  }
}

// fork() gives equal streams at one position, so no two blocks may be made without a layer between.
TEST(Registry, EveryNetworkHasTheSameFirstWeightsWithAndWithoutBlocksThatAllDiffer) {
  for (const ModelEntry& entry : model_list()) {
    const Model se = made(entry.small_variant);
    std::vector<Tensor> seen;
    for (const Module::Entry& e : se.module().state()) {
      if (!e.name.ends_with("fc2.weight")) continue;
      for (const Tensor& other : seen)
        EXPECT_FALSE(same_bits(other, e.var->value)) << entry.name << ": " << e.name;
      seen.push_back(e.var->value.clone());
    }
    if (!entry.small_variant.starts_with("se_")) continue;
    const Model plain = made(entry.small_variant.substr(3));
    EXPECT_EQ(expect_same_first_weights(plain, se, entry.name), std::ssize(plain.module().state()))
        << entry.name;
  }
}

TEST(Registry, EveryListedModelCanBeBuiltAndGivesLogits) {
  std::vector<std::string> names;
  for (const ModelEntry& entry : model_list()) {
    names.push_back(entry.name);
    EXPECT_FALSE(entry.about.empty()) << entry.name;
    Rng silent = Rng::silent();
    Settings stated = entry.defaults;
    stated.erase("blocks");
    EXPECT_EQ(make_model(entry.name, {}, 10, silent).options, stated) << entry.name;
    const Model small = made(entry.small_variant, "", 7);
    const NoGrad no_grad;
    Rng rng(1);
    EXPECT_EQ(small(normal({2, 16, 16, 3}, rng), Mode::eval).shape(), (Shape{2, 7}))
        << entry.small_variant;
  }
  for (const char* name :
       {"resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "se_resnet20", "se_resnet32",
        "se_resnet44", "se_resnet56", "se_resnet110"})
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name;
}

TEST(Registry, SuggestsTheClosestNameOrOption) {
  EXPECT_TRUE(fails_saying<UsageError>(
      [] { made("se_resnet2"); }, {"'se_resnet2'", "nearest is se_resnet20", "excite models"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { made("seresnet56"); }, {"nearest is se_resnet56"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { made("se_resnet20", "reducton=8"); },
                                       {"se_resnet20", "'reducton'", "nearest is reduction"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { made("resnet20", "reduction=8"); },
                                       {"resnet20", "no option 'reduction'", "shortcut"}));
}

TEST(Registry, NeverSuggestsASmallVariant) {
  long suggestions = 0;
  for (const ModelEntry& entry : model_list()) {
    EXPECT_FALSE(is_listed(entry.small_variant)) << entry.small_variant;
    try {
      made(entry.small_variant + "x");
      ADD_FAILURE() << entry.small_variant << "x is no model";
    } catch (const UsageError& error) {
      const std::string what = error.what();
      const std::size_t at = what.find("the nearest is ");
      if (at == std::string::npos) continue;
      suggestions++;
      const std::string suggested = split(what.substr(at + 15), ' ')[0];
      EXPECT_TRUE(is_listed(suggested)) << what;
    }
  }
  EXPECT_GT(suggestions, 0);
}

TEST(Registry, BlocksSetsTheDepth) {
  const ShapesOnly no_numbers;
  const auto count = [](const std::string& name, const std::string& settings) {
    return made(name, settings).module().parameter_count();
  };
  EXPECT_EQ(count("se_resnet20", "blocks=5,5,5"), count("se_resnet32", ""));
  EXPECT_EQ(count("resnet18", "blocks=3,4,6,3"), count("resnet34", ""));
  EXPECT_EQ(count("se_resnext50_32x4d", "blocks=3,4,23,3"), count("se_resnext101_32x4d", ""));
  for (const char* wrong : {"1,2", "1,2,3,4,5", "201,1,1,1"})
    EXPECT_TRUE(fails_saying<UsageError>([&] { made("resnet18", text("blocks=", wrong)); },
                                         {"model option blocks=", wrong}));
  EXPECT_TRUE(fails_saying<UsageError>([&] { made("resnet20", "blocks=1,2,3"); },
                                       {"expected the same number in all three stages"}));
}

TEST(Registry, ListsAtMostFiveOptions) {
  EXPECT_TRUE(
      fails_saying<UsageError>([] { made("se_resnet20", "dropout=0.5"); },
                               {"(its options: blocks, gate, reduction, se, se_bias and 5 more)"}));
  EXPECT_TRUE(
      fails_saying<UsageError>([] { made("mobilenet", "reduction=8"); },
                               {"mobilenet has no option 'reduction'", "no options at all"}));
}

TEST(Registry, ListsTheValidValuesOfAnOption) {
  EXPECT_TRUE(fails_saying<UsageError>([] { made("se_resnet20", "shortcut=C"); },
                                       {"shortcut=C", "A or B"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { made("se_resnet20", "se_bias=yes"); },
                                       {"se_bias=yes", "off or on"}));
  for (const std::string value : {"0", "-4", "x", "4x", "", "1e3", "99999999999999999999"}) {
    const std::string option = "reduction=" + value;
    EXPECT_TRUE(
        fails_saying<UsageError>([&] { made("se_resnet20", option); }, {option, "whole number"}));
  }
  EXPECT_TRUE(fails_saying<UsageError>([] { made("se_resnet20", "", 1); },
                                       {"1 class, expected at least 2"}));
}

TEST(Settings, AreParsedFromOneLine) {
  EXPECT_EQ(parse_settings("reduction=8,shortcut=A"),
            (Settings{{"reduction", "8"}, {"shortcut", "A"}}));
  EXPECT_EQ(parse_settings(""), Settings{});
  EXPECT_TRUE(
      fails_saying<UsageError>([] { parse_settings("reduction"); }, {"'reduction'", "key=value"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { parse_settings("=8"); }, {"'=8'", "key=value"}));
  EXPECT_TRUE(fails_saying<UsageError>([] { parse_settings("a=1,a=2"); }, {"a is given twice"}));
  EXPECT_EQ(parse_settings("se_stages=2,4,shortcut=A"),
            (Settings{{"se_stages", "2,4"}, {"shortcut", "A"}}));
}

TEST(Models, TrainingAndEvaluationDiffer) {
  const Model model = made("se_resnet8");
  Rng rng(1);
  const Var x = normal({4, 32, 32, 3}, rng);
  const Tensor evaluated = model(x, Mode::eval)->value.clone(),
               trained = model(x, Mode::train)->value.clone();
  EXPECT_FALSE(close(evaluated, trained, 0.01));
  EXPECT_FALSE(same_bits(evaluated, model(x, Mode::eval)->value))
      << "training did not change the running statistics";
}

// Rounding may change the sign of a ReLU's input, so only the norm over all gradients is compared;
// see golden_test.cpp.
TEST(Models, FusedTrainingEqualsPlainTraining) {
  for (const std::string name : {"se_resnet8", "resnet8"}) {
    Model fused = made(name), plain = made(name);
    plain.implementation.fused = false;
    Rng rng(1);
    const Var x = normal({16, 32, 32, 3}, rng);
    const std::vector<int> labels{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5};
    const Var a = fused(x, Mode::train), b = plain(x, Mode::train);
    EXPECT_TRUE(close(a->value, b->value, in_double_build ? 1e-12 : 1e-5)) << name;
    backward(cross_entropy(a, labels));
    backward(cross_entropy(b, labels));
    double squared_difference = 0, length = 0;
    for (std::size_t i = 0; i < fused.module().state().size(); i++) {
      const Module::Entry &one = fused.module().state()[i], &other = plain.module().state()[i];
      if (one.kind == Module::Kind::buffer) {
        EXPECT_TRUE(close(one.var->value, other.var->value, in_double_build ? 1e-12 : 1e-5))
            << name << ", " << one.name;
        continue;
      }
      for (long k = 0; k < one.var->value.size(); k++) {
        const double expected = static_cast<double>(other.var->grad[k]),
                     difference = static_cast<double>(one.var->grad[k]) - expected;
        squared_difference += difference * difference;
        length += expected * expected;
      }
    }
    EXPECT_LT(std::sqrt(squared_difference), (in_double_build ? 1e-10 : 1e-2) * std::sqrt(length))
        << name;
  }
}

TEST(Models, WithTheSameSeedAreEqual) {
  const Model a = made("se_resnet8"), b = made("se_resnet8");
  for (std::size_t i = 0; i < a.module().state().size(); i++)
    EXPECT_TRUE(same_bits(a.module().state()[i].var->value, b.module().state()[i].var->value))
        << a.module().state()[i].name;
}

TEST(Models, SayWhichInputTheyExpect) {
  EXPECT_TRUE(fails_saying(
      [] {
        made("se_resnet8")(zeros({2, 3, 32, 32}), Mode::eval);
      },
      {"[2, 3, 32, 32]", "[N, H, W, 3]"}));
}

}  // namespace
}  // namespace excite
