#include <gtest/gtest.h>

#include "core/real.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// What users of the library would type, with headers of one precision and the library of the other.
// `number` calls nothing of it.
std::string function(const std::string& name, const std::string& header, const std::string& what) {
  return "#include \"" + header + "\"\nusing namespace excite;\nbool " + name + "() { " + what +
         " }\n";
}
const std::string tensors =
    function("tensors", "core/tensor.h", "return zeros({2, 3}).clone().size() == 6;");
const std::string model =
    function("model", "models/zoo/registry.h",
             "Rng rng(0); return make_model(\"resnet20\", {}, 10, rng).classes == 10;");
const std::string number = function("number", "core/real.h", "return sizeof(real) > 0;");

struct Precision : testing::Test {
  const ScratchFolder folder;
  const std::string beside = program().substr(0, program().rfind('/') + 1);
  const std::string floats = beside + "libexcite.a ", doubles = beside + "libexcite-double.a ";

  void compile(const std::string& source, const std::string& flags,
               const std::string& object) const {
    put(folder / "source.cpp", source);
    const Ending o = shell("g++ -std=c++20 $EXTRA -I. " + flags + " -c " + (folder / "source.cpp") +
                           " -o " + (folder / object));
    ASSERT_EQ(o.code, 0) << o.err;
  }
  Ending link(const std::string& parts) const {
    return shell("cd " + folder.path() + " && LC_ALL=C g++ $EXTRA " + parts +
                 " -lopenblas -pthread -o user");
  }
  void refuses(const std::string& parts, const std::string& name) const {
    const Ending o = link(parts);
    EXPECT_NE(o.code, 0) << parts;
    expect_contains(o.err, name);
  }
};

TEST_F(Precision, HeadersOfOneWithTheLibraryOfTheOtherDoNotLink) {
  for (const auto& [source, call] :
       {std::pair{tensors, "tensors"}, {model, "model"}, {number, "number"}})
    for (const auto& [flags, right, wrong] :
         {std::tuple{"", floats, doubles}, {"-DEXCITE_DOUBLE", doubles, floats}}) {
      compile(source + "int main() { return " + call + "() ? 0 : 1; }\n", flags, "user.o");
      const Ending fits = link("user.o " + right);
      EXPECT_EQ(fits.code, 0) << fits.err;
      EXPECT_EQ(shell(folder / "user").code, 0);
      refuses("user.o " + wrong, "this_precision");
      refuses("-Wl,--gc-sections user.o " + wrong, "this_precision");
    }
}

TEST_F(Precision, OneProgramCannotHaveBoth) {
  compile(tensors, "", "float.o");
  compile(model + "bool tensors();\nint main() { return model() && tensors() ? 0 : 1; }\n",
          "-DEXCITE_DOUBLE", "double.o");
  refuses("float.o double.o " + floats + doubles, "one_precision_in_a_program");
  for (const std::string objects : {"float.o double.o ", "double.o float.o "})
    for (const std::string& library : {floats, doubles})
      refuses(objects + library, "this_precision");
}

}  // namespace
}  // namespace excite
