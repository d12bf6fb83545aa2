// The seeds of the fuzz targets: files of every kind, crafted ones that harm decoders which trust
// them, and inputs that a fuzzer found to reach new code.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/fuzz/fuzz.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

using Target = int (*)(const std::uint8_t*, std::size_t);

long replay(Target target, const std::string& folder) {
  long count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string bytes = get(entry.path());
    target(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    count++;
  }
  return count;
}

TEST(Fuzz, SeedsOfImage) {
  EXPECT_GE(replay(fuzz_image, "tests/fuzz/seeds/image"), 50);
  EXPECT_GE(replay(fuzz_image, "tests/golden/decoded"), 200);
}

}  // namespace
}  // namespace excite
