#include <gtest/gtest.h>

#include "core/real.h"
#include "tests/core/files/scratch.h"
#include "tests/tools/child.h"

namespace excite {
namespace {

// What a user of the library would type, with headers of one precision and the library of the other.
Ending build(const ScratchFolder& folder, const std::string& flags, const std::string& library) {
  put(folder / "user.cpp", "#include \"core/tensor.h\"\nint main() { return excite::zeros({2, 3}).clone().size() == 6 ? 0 : 1; }\n");
  const std::string beside = program().substr(0, program().rfind('/') + 1);
  return shell("g++ -std=c++20 $EXTRA -I. " + flags + " " + (folder / "user.cpp") + " " + beside + library + " -lopenblas -pthread -o " + (folder / "user"));
}

TEST(Precision, HeadersOfOneWithTheLibraryOfTheOtherDoNotLink) {
  const ScratchFolder folder;
  for (const auto& [flags, right, wrong] :
       {std::tuple{"", "libexcite.a", "libexcite-double.a"}, {"-DEXCITE_DOUBLE", "libexcite-double.a", "libexcite.a"}}) {
    const Ending fits = build(folder, flags, right);
    EXPECT_EQ(fits.code, 0) << fits.err;
    EXPECT_EQ(shell(folder / "user").code, 0);
    const Ending mixed = build(folder, flags, wrong);
    EXPECT_NE(mixed.code, 0);
    expect_contains(mixed.err, "undefined reference");
  }
}

}  // namespace
}  // namespace excite
