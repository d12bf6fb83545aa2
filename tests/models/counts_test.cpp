// Parameters and multiply-adds of every network, compared with papers and public implementations.
// They are counted from a forward pass of one image.
#include <cmath>
#include <map>

#include "tests/models/counts.h"

namespace excite {
namespace {

using namespace counts;

TEST(Counts, ResNets) {
  expect_pair("resnet18", 11'689'512, 11'776'552, {"se_resnet18", "", 11'778'592, "1.814"});
  expect_pair("resnet34", 21'797'672, 21'954'856, {"se_resnet34", "", 21'958'868, "3.664"});
  expect_pair("resnet50", 25'557'032, 28'071'976, {"se_resnet50", "", 28'088'024, "3.8605"});
  expect_pair("resnet101", 44'549'160, 49'292'328, {"se_resnet101", "", 49'326'872, "7.5749"});
  expect_pair("resnet152", 60'192'808, 66'770'984, {"se_resnet152", "", 66'821'848, "11.2890"});
  expect_row({"resnet50", "", 25'557'032, "3.858"});
  expect_row({"se_resnet50", "stride_on=3x3", 28'088'024, "4.0917"});
  expect_row({"se_resnet101", "stride_on=3x3", 49'326'872, "7.8061"});
  expect_row({"se_resnet152", "stride_on=3x3", 66'821'848, "11.5202"});
}

// The number of resnext152_32x4d is computed: SE-ResNeXt-152 without its SE blocks, which are those
// of SE-ResNet-152.
TEST(LongCounts, ResNeXts) {
  expect_pair("resnext50_32x4d", 25'028'904, 27'543'848,
              {"se_resnext50_32x4d", "", 27'559'896, "4.2330"});
  expect_pair("resnext101_32x4d", 44'177'704, 48'920'872,
              {"se_resnext101_32x4d", "", 48'955'416, "7.9747"});
  expect_pair("resnext101_64x4d", 83'455'272, 88'198'440,
              {"se_resnext101_64x4d", "", 88'232'984, "15.465"});
  expect_pair("resnext152_32x4d", 66'529'576 - (66'770'984 - 60'192'808), 66'529'576,
              {"se_resnext152_32x4d", "", 66'580'440, "11.716"});
  expect_pair("resnext152_64x4d", 114'971'944, 121'550'120,
              {"se_resnext152_64x4d", "", 121'600'984, "22.946"});
}

TEST(LongCounts, Senet154) { expect_row({"senet154", "", 115'088'984, "20.6884"}); }

// The variants with squeeze-and-excitation have no public definition; models/README.md says where
// the blocks are.
TEST(LongCounts, Vgg) {
  const Model plain = made("vgg16_bn");
  EXPECT_EQ(plain.module().parameter_count(), 138'365'992);
  EXPECT_EQ(giga(cost_of_one(plain).macs, "15.4703"), "15.4703");
  const Model with_se = made("se_vgg16_bn");
  EXPECT_EQ(with_se.module().parameter_count(), 138'596'784);
  EXPECT_EQ(giga(cost_of_one(with_se).macs, "15.4705"), "15.4705");
}

TEST(Counts, Mobilenet) {
  expect_pair("mobilenet", 4'231'976, 4'711'720, {"se_mobilenet", "", 4'718'044, "0.5692"});
  expect_row({"mobilenet", "", 4'231'976, "0.5687"});
}

// The paper prints 1.8 and 2.4 million parameters, and 140 and 142 million multiply-adds. The
// scaling of 1.60 million numbers is not counted here.
TEST(Counts, Shufflenet) {
  EXPECT_EQ(giga(parameters("shufflenet") * 1000, "1.866"), "1.866");
  EXPECT_EQ(giga(parameters("se_shufflenet", "se_bias=off") * 1000, "2.476"), "2.476");
  EXPECT_EQ(giga(parameters("se_shufflenet", "se=post,se_bias=off") * 1000, "2.586"), "2.586");
  const long plain = cost_of_one(made("shufflenet")).macs,
             with_se = cost_of_one(made("se_shufflenet")).macs;
  EXPECT_EQ(plain, 137'460'672);
  EXPECT_EQ(giga(with_se - plain, "0.00061"), "0.00061");
}

// ---- for 32x32 images, with 10 classes ----

TEST(Counts, PreActivationAndWideResNets) {
  const auto count = [](const std::string& name, const std::string& settings = "",
                        long classes = 10) {
    return made(name, settings, classes).module().parameter_count();
  };
  EXPECT_EQ(count("preact_resnet110"), 1'730'522);
  EXPECT_EQ(count("preact_resnet110", "shortcut=A"), 1'727'962);
  EXPECT_EQ(count("se_preact_resnet110"), 1'744'760);
  EXPECT_EQ(count("se_preact_resnet110", "se_bias=off"), 1'742'618);
  for (const std::string stride : {"stride_on=1x1", "stride_on=3x3"}) {
    EXPECT_EQ(count("preact_resnet164", stride), 1'703'258);
    EXPECT_EQ(count("preact_resnet164", stride, 100), 1'726'388);
    EXPECT_EQ(count("se_preact_resnet164", stride), 1'905'362);
    EXPECT_EQ(count("se_preact_resnet164", stride + ",se_bias=off"), 1'896'794);
    EXPECT_EQ(count("se_preact_resnet164", stride, 100), 1'928'492);
  }
  EXPECT_EQ(count("wrn_16_8"), 10'961'370);
  EXPECT_EQ(count("wrn_16_8", "", 100), 11'007'540);
  EXPECT_EQ(count("se_wrn_16_8"), 11'049'290);
  EXPECT_EQ(count("se_wrn_16_8", "se_bias=off"), 11'047'386);
  EXPECT_EQ(giga(cost_of_one(made("wrn_16_8", "", 10)).macs, "1.548"), "1.548");
}

// Each branch has a block of squeeze-and-excitation. With a single one per block, as in se=post, it
// would be 26,292,546.
TEST(Counts, ShakeShakes) {
  EXPECT_EQ(made("shake_shake_26_2x32d", "", 10).module().parameter_count(), 2'923'162);
  EXPECT_EQ(made("shake_shake_26_2x96d", "", 10).module().parameter_count(), 26'192'922);
  EXPECT_EQ(made("se_shake_shake_26_2x96d", "", 10).module().parameter_count(), 26'392'170);
  EXPECT_EQ(made("se_shake_shake_26_2x96d", "se=post", 10).module().parameter_count(), 26'292'546);
  EXPECT_EQ(made("shake_even_29_2x4x64d", "", 100).module().parameter_count(), 34'529'700);
  EXPECT_EQ(made("se_shake_even_29_2x4x64d", "", 100).module().parameter_count(), 35'573'316);
}

// airbench94 has 1,971,352 parameters that are trained. Ours has the factors of batch norm too:
// 2 (64 + 256 + 256). Of its 118,147,360 multiply-adds, 276,768 are those of the whitening, which
// are not counted: it depends on no parameter.
TEST(Counts, Airbench) {
  const auto count = [](const std::string& settings) {
    return made("airbench", settings, 10).module().parameter_count();
  };
  EXPECT_EQ(count("width=64"), 1'971'352 + 2 * (64 + 256 + 256));
  EXPECT_EQ(cost_of_one(made("airbench", "width=64", 10)).macs, 118'147'360 - 276'768);
  const long hidden = 48 / 16, wide_hidden = 192 / 16;
  EXPECT_EQ(made("se_airbench", "", 10).module().parameter_count() - count("width=48"),
            48 * hidden * 2 + 48 + hidden + 2 * (192 * wide_hidden * 2 + 192 + wide_hidden));
}

// Every parameter of every small variant influences the output.
TEST(Counts, NoParameterIsUnused) {
  for (const ModelEntry& entry : model_list()) {
    const Model small = made(entry.small_variant, "", 10);
    EXPECT_EQ(cost_of_one(small).parameters, small.module().parameter_count())
        << entry.small_variant;
  }
}

// ---- the paper's ablations: SE-ResNet-50 without biases. "Parameters" are all numbers in a file,
// running statistics included. ----

double millions_in_file(const std::string& settings) {
  long numbers = 0;
  const Model model = made(settings == "none" ? "resnet50" : "se_resnet50",
                           settings == "none" ? "" : "se_bias=off," + settings);
  for (const Module::Entry& e : model.module().state()) numbers += e.var->value.size();
  return std::round(static_cast<double>(numbers) / 1e5) / 10;
}

// Table 10. For r = 8 it prints 30.7 where 30.64 million are right.
TEST(Counts, OfTheReduction) {
  const std::map<std::string, double> printed{{"2", 45.7}, {"4", 35.7}, {"16", 28.1}, {"32", 26.9}};
  for (const auto& [r, millions] : printed)
    EXPECT_DOUBLE_EQ(millions_in_file("reduction=" + r), millions) << "r = " << r;
  EXPECT_DOUBLE_EQ(millions_in_file("reduction=8"), 30.6);
  EXPECT_DOUBLE_EQ(millions_in_file("none"), 25.6);
}

TEST(Counts, OfTheStages) {  // table 13
  EXPECT_DOUBLE_EQ(millions_in_file("se_stages=2"), 25.6);
  EXPECT_DOUBLE_EQ(millions_in_file("se_stages=3"), 25.7);
  EXPECT_DOUBLE_EQ(millions_in_file("se_stages=4"), 26.4);
  EXPECT_DOUBLE_EQ(millions_in_file("se_stages=2,3,4,5"), 28.1);
}

TEST(Counts, OfThePlacementAndTheSqueeze) {  // tables 15 and 16
  EXPECT_DOUBLE_EQ(millions_in_file("se=inside"), 25.8);
  EXPECT_DOUBLE_EQ(millions_in_file("squeeze=none"), 28.1);
  EXPECT_EQ(giga(cost_of_one(made("se_resnet50", "se=inside,se_bias=off")).macs, "3.86"), "3.86");
  EXPECT_EQ(giga(cost_of_one(made("se_resnet50", "squeeze=none,se_bias=off")).macs, "4.27"),
            "4.27");
}

// timm's seresnet18 has hidden widths 8, 8, 16, 32 instead of 4, 8, 16, 32.
TEST(Counts, OfTheHiddenWidth) {
  EXPECT_EQ(parameters("se_resnet18", "se_least=8"), 11'779'624);
  EXPECT_EQ(parameters("se_resnet18", "se_least=8,se_fc=1x1"), 11'779'624);
  EXPECT_EQ(parameters("se_resnet18", "relu_before_se=on"), 11'778'592);
}

}  // namespace
}  // namespace excite
