// Parameters and multiply-adds of the Inception networks; see counts_test.cpp.
#include "tests/models/counts.h"

namespace excite {
namespace {

using namespace counts;

// The biases of SE blocks with these channels, r = 16.
long biases(const std::vector<std::pair<long, long>>& blocks_and_channels) {
  long sum = 0;
  for (const auto& [blocks, channels] : blocks_and_channels)
    sum += blocks * (channels + channels / 16);
  return sum;
}

TEST(Counts, BnInception) {
  expect_row({"bn_inception", "", 11'285'224, "2.0326"});
  expect_pair("bn_inception", 11'285'224, 11'924'584,
              {"se_bn_inception", "", 11'931'622, "2.0332"});
}

// Without torchvision's auxiliary classifier.
TEST(Counts, InceptionV3) {
  expect_row({"inception_v3", "", 23'834'568, "5.713"});
  expect_pair("inception_v3", 23'834'568, 25'485'512, {"se_inception_v3", "", 25'496'188, ""});
}

TEST(LongCounts, InceptionV4) {
  expect_row({"inception_v4", "", 42'679'816, "12.254"});
  expect_pair("inception_v4", 42'679'816, 44'998'632 - biases({{4, 384}, {8, 1024}, {4, 1536}}),
              {"se_inception_v4", "", 44'998'632, ""});
}

TEST(LongCounts, InceptionResnetV2) {
  expect_row({"inception_resnet_v2", "", 55'843'464, "13.156"});
  expect_pair("inception_resnet_v2", 55'843'464,
              65'092'718 - biases({{11, 320}, {21, 1088}, {11, 2080}}),
              {"se_inception_resnet_v2", "", 65'092'718, ""});
}

}  // namespace
}  // namespace excite
