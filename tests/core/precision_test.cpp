#include <gtest/gtest.h>

#include "core/real.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Programs as users of the library write them, to be compiled with the headers of one precision and
// linked with the library of the other. `number` calls no function of the library.
std::string function(const std::string& name, const std::string& header, const std::string& body) {
  return "#include \"" + header + "\"\nusing namespace excite;\nbool " + name + "() { " + body +
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
  const std::string build_folder = program().substr(0, program().rfind('/') + 1);
  const std::string floats = build_folder + "libexcite.a ",
                    doubles = build_folder + "libexcite-double.a ";

  void compile(const std::string& source, const std::string& flags,
               const std::string& object) const {
    put(folder / "source.cpp", source);
    const Ending o = shell("g++ -std=c++20 $EXTRA -I. " + flags + " -c " + (folder / "source.cpp") +
                           " -o " + (folder / object));
    ASSERT_EQ(o.code, 0) << o.err;
  }
  Ending link(const std::string& inputs) const {
    return shell("cd " + folder.path() + " && LC_ALL=C g++ $EXTRA " + inputs +
                 " -lopenblas -pthread -o user");
  }
  void expect_no_link(const std::string& inputs, const std::string& name) const {
    const Ending o = link(inputs);
    EXPECT_NE(o.code, 0) << inputs;
    expect_contains(o.err, name);
  }
};

TEST_F(Precision, HeadersOfOnePrecisionDoNotLinkWithTheLibraryOfTheOther) {
  for (const auto& [source, call] :
       {std::pair{tensors, "tensors"}, {model, "model"}, {number, "number"}})
    for (const auto& [flags, right, wrong] :
         {std::tuple{"", floats, doubles}, {"-DEXCITE_DOUBLE", doubles, floats}}) {
      compile(source + "int main() { return " + call + "() ? 0 : 1; }\n", flags, "user.o");
      const Ending fits = link("user.o " + right);
      EXPECT_EQ(fits.code, 0) << fits.err;
      EXPECT_EQ(shell(folder / "user").code, 0);
      expect_no_link("user.o " + wrong, "EXCITE_DOUBLE");
      expect_no_link("-Wl,--gc-sections user.o " + wrong, "EXCITE_DOUBLE");
    }
}

TEST_F(Precision, AProgramCannotLinkBothPrecisions) {
  compile(tensors, "", "float.o");
  compile(model + "bool tensors();\nint main() { return model() && tensors() ? 0 : 1; }\n",
          "-DEXCITE_DOUBLE", "double.o");
  expect_no_link("float.o double.o " + floats + doubles, "one_precision_in_a_program");
  for (const std::string objects : {"float.o double.o ", "double.o float.o "})
    for (const std::string& library : {floats, doubles})
      expect_no_link(objects + library, "EXCITE_DOUBLE");
}

}  // namespace
}  // namespace excite
