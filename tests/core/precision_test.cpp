#include <gtest/gtest.h>

#include "core/real.h"
#include "tests/core/files/scratch.h"
#include "tests/tools/child.h"

namespace excite {
namespace {

// What users of the library would type, with headers of one precision and the library of the other. The third calls nothing of it.
const std::string tensors = "#include \"core/tensor.h\"\nbool tensors() { return excite::zeros({2, 3}).clone().size() == 6; }\n";
const std::string model = "#include \"models/registry.h\"\nbool model() { excite::Rng rng(0); return excite::make_model(\"resnet20\", {}, 10, rng).classes == 10; }\n";
const std::string number = "#include \"core/real.h\"\nbool number() { return sizeof(excite::real) > 0; }\n";

struct Precision : testing::Test {
  const ScratchFolder folder;
  const std::string beside = program().substr(0, program().rfind('/') + 1);

  Ending compile(const std::string& source, const std::string& flags, const std::string& object) const {
    put(folder / "source.cpp", source);
    return shell("g++ -std=c++20 $EXTRA -I. " + flags + " -c " + (folder / "source.cpp") + " -o " + (folder / object));
  }
  Ending link(const std::string& objects, const std::string& libraries) const {
    return shell("cd " + folder.path() + " && g++ $EXTRA " + objects + " " + libraries + " -lopenblas -pthread -o user");
  }
};

TEST_F(Precision, HeadersOfOneWithTheLibraryOfTheOtherDoNotLink) {
  for (const auto& [source, call] : {std::pair{tensors, "tensors"}, {model, "model"}, {number, "number"}})
    for (const auto& [flags, right, wrong] : {std::tuple{"", "libexcite.a", "libexcite-double.a"}, {"-DEXCITE_DOUBLE", "libexcite-double.a", "libexcite.a"}}) {
      const Ending compiled = compile(source + "int main() { return " + call + "() ? 0 : 1; }\n", flags, "user.o");
      ASSERT_EQ(compiled.code, 0) << compiled.err;
      const Ending fits = link("user.o", beside + right);
      EXPECT_EQ(fits.code, 0) << fits.err;
      EXPECT_EQ(shell(folder / "user").code, 0);
      const Ending mixed = link("user.o", beside + wrong);
      EXPECT_NE(mixed.code, 0) << call << " " << flags;
      expect_contains(mixed.err, "undefined reference to `excite::in_");
    }
}

TEST_F(Precision, OneProgramCannotHaveBoth) {
  ASSERT_EQ(compile(tensors, "", "float.o").code, 0);
  ASSERT_EQ(compile(model + "bool tensors();\nint main() { return model() && tensors() ? 0 : 1; }\n", "-DEXCITE_DOUBLE", "double.o").code, 0);
  const Ending both = link("float.o double.o", beside + "libexcite.a " + beside + "libexcite-double.a");
  EXPECT_NE(both.code, 0);
  expect_contains(both.err, "multiple definition of `excite::one_precision_in_a_program()'");
}

}  // namespace
}  // namespace excite
