#include "core/files/crc.h"

#include <gtest/gtest.h>

#include <string>

namespace excite {
namespace {

TEST(Crc, MatchesThePublishedCheckValues) {
  EXPECT_EQ(crc32c("123456789", 9), 0xe3069283u);
  EXPECT_EQ(crc32("123456789", 9), 0xcbf43926u);
  EXPECT_EQ(crc32c(std::string(32, '\0').data(), 32), 0x8a9136aau);  // RFC 3720, B.4
  EXPECT_EQ(crc32c("", 0), 0u);
}

TEST(Crc, OfTwoPartsContinuesToThatOfTheWhole) {
  const std::string all = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= all.size(); cut++) {
    EXPECT_EQ(crc32c(all.data() + cut, all.size() - cut, crc32c(all.data(), cut)),
              crc32c(all.data(), all.size()))
        << "cut at " << cut;
  }
}

}  // namespace
}  // namespace excite
