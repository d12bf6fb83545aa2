// The seeds of the fuzz targets: files of every kind, crafted ones that harm decoders which trust
// them, and inputs that a fuzzer found to reach new code.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "core/memory_budget.h"
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

// Each target has its seeds, and at least 50 of them.
TEST(Fuzz, SeedsOfEveryTarget) {
  const std::map<std::string, Target> targets{{"checkpoint", fuzz_checkpoint},
                                              {"class_files", fuzz_class_files},
                                              {"config", fuzz_config},
                                              {"image", fuzz_image},
                                              {"jpeg", fuzz_jpeg},
                                              {"numbers", fuzz_numbers},
                                              {"recognize", fuzz_recognize},
                                              {"resize", fuzz_resize},
                                              {"safetensors", fuzz_safetensors},
                                              {"settings", fuzz_settings}};
  const long memory = max_memory();  // some targets lower it
  for (const auto& [name, target] : targets)
    EXPECT_GE(replay(target, "tests/fuzz/seeds/" + name), 50) << name;
  EXPECT_GE(replay(fuzz_image, "tests/golden/decoded"), 200);
  set_max_memory(memory);
}

}  // namespace
}  // namespace excite
