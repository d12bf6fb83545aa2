// Other projects can build with what `make install` installs: with pkg-config and with CMake, with
// the flags that projects use, and with a sentence where a flag cannot work.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include "tests/support/child.h"
#include "tests/support/compare.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

// Each build of the tests builds other projects in its own precision.
const std::string package = in_double_build ? "excite-double" : "excite";
const std::string greeting = std::string(in_double_build ? "8" : "4") +
                             " bytes, 274847 parameters, loss positive\n2 steps, 1 epoch\n";

const std::string version = EXCITE_VERSION;                           // 0.2.0
const std::string interface = version.substr(0, version.rfind('.'));  // 0.2

struct Install : testing::Test {
  static std::unique_ptr<ScratchFolder> stage_folder;
  static std::string stage;
  std::string prefix = stage + "/opt/excite";
  const ScratchFolder folder;  // the other project: it has none of this source tree's headers

  static std::string build_folder() { return std::filesystem::path(program()).parent_path(); }

  // `-o all` installs what is already built: make must not build it again with other flags.
  static Ending install_into(const std::string& prefix_path) {
    return shell("env -u MAKEFLAGS make -s -o all install BUILD=" + build_folder() +
                 " DESTDIR=" + stage + " PREFIX=" + prefix_path);
  }
  static void SetUpTestSuite() {
    stage_folder = std::make_unique<ScratchFolder>();
    stage = stage_folder->path();
    const Ending made = install_into("/opt/excite");
    ASSERT_EQ(made.code, 0) << made.out << made.err;
  }
  static void TearDownTestSuite() { stage_folder.reset(); }

  std::string pkg_config(const std::string& arguments) const {
    return "$(PKG_CONFIG_PATH=" + prefix + "/lib/pkgconfig pkg-config " + arguments + ")";
  }
  std::string flags(const std::string& name = package) const {
    return " $EXTRA " + pkg_config("--cflags " + name) + " ";
  }
  // Runs a compiler in the project, whose file consumer.cpp is `source`.
  Ending compile(const std::string& command, const std::string& source) const {
    put(folder / "consumer.cpp", source);
    return shell("cd " + folder.path() + " && " + command);
  }
  // Runs all tests of a program with tests: without the shard of ours that this process runs.
  Ending build_and_run(const std::string& compiler, const std::string& source,
                       const std::string& name, const std::string& libraries = "") const {
    return compile(compiler + " -Wall -Wextra -Werror" + flags(name) + "consumer.cpp " +
                       pkg_config("--libs " + name) + " " + libraries +
                       " -o consumer && GTEST_TOTAL_SHARDS=1 GTEST_SHARD_INDEX=0 ./consumer",
                   source);
  }
  // Configures and builds the project in tests/consumer/`source` with CMake, and runs its program.
  Ending cmake_and_run(const std::string& source, const std::string& options) const {
    return shell("cmake -S tests/consumer/" + source + " -B " + (folder / "build") +
                 " -DTARGET=excite::" + package + " -DCMAKE_CXX_FLAGS=\"$EXTRA\" " + options +
                 " >&2 && cmake --build " + (folder / "build") + " -j $(nproc) >&2 && cd " +
                 folder.path() + " && build/consumer");
  }
};
std::unique_ptr<ScratchFolder> Install::stage_folder;
std::string Install::stage;
using LongInstall = Install;  // several programs are built

TEST_F(Install, AnotherProjectCanCheckTheGradientOfItsOperation) {
  std::string source = get("tests/consumer/gradient_check.cpp");
  const Ending correct = build_and_run("g++", source, "excite-double", "-lgtest -lgtest_main");
  EXPECT_EQ(correct.code, 0) << correct.out << correct.err;
  expect_contains(correct.out, "[  PASSED  ] 1 test");
  source.replace(source.find("dy * 3 * v"), 6, "dy * 2");
  const Ending wrong = build_and_run("g++", source, "excite-double", "-lgtest -lgtest_main");
  EXPECT_EQ(wrong.code, 1) << wrong.err;
  expect_contains(wrong.out, "input 1 [2, 3]");
}

TEST_F(LongInstall, AnotherProjectCanCheckFunctionsOfNumbersAndUseTheMatcher) {
  for (const auto& [file, right, wrong, message] :
       {std::array{"function_gradient.cpp", "+ 3 * x[1], 3", "+ 3 * x[1], 2",
                   "input 0 [2], element [1]: analytic 1.4, numeric 2.1"},
        {"gradient_matcher.cpp", "{x, w}", "{x}", "takes 2 inputs, but the matcher has 1"}}) {
    std::string source = get(std::string("tests/consumer/") + file);
    const Ending correct = build_and_run("g++", source, "excite-double", "-lgtest -lgtest_main");
    EXPECT_EQ(correct.code, 0) << correct.out << correct.err;
    expect_contains(correct.out, "[  PASSED  ] 1 test");
    source.replace(source.find(right), std::string(right).size(), wrong);
    const Ending mistake = build_and_run("g++", source, "excite-double", "-lgtest -lgtest_main");
    EXPECT_EQ(mistake.code, 1) << mistake.err;
    expect_contains(mistake.out, message);
  }
}

TEST_F(Install, AnotherProjectCanBuildAndTrainNetworks) {
  const Ending o = build_and_run("g++", get("tests/consumer/small_program.cpp"), package);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.out, greeting);
}

TEST_F(Install, AnotherProjectCanUseDebugFlagsAndSanitizers) {
  const Ending o = build_and_run("g++ -O0 -g -fsanitize=address,undefined -D_GLIBCXX_ASSERTIONS",
                                 get("tests/consumer/small_program.cpp"), package);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.out, greeting);
}

TEST_F(Install, AnotherProjectCanFindItWithCMake) {
  const Ending o = cmake_and_run("", "-DCMAKE_PREFIX_PATH=" + prefix);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.out, greeting);
}

TEST_F(Install, FindPackageAcceptsVersionsWithTheSameInterface) {
  for (const auto& [asked, found] : {std::pair{version, "TRUE"},
                                     {interface, "TRUE"},
                                     {"", "TRUE"},
                                     {interface + ".999", "FALSE"},
                                     {interface + "9", "FALSE"},
                                     {"0.1", "FALSE"},
                                     {"99", "FALSE"}}) {
    put(folder / "ask.cmake", "set(PACKAGE_FIND_VERSION \"" + asked + "\")\ninclude(" + prefix +
                                  "/lib/cmake/excite/excite-config-version.cmake)\n"
                                  "message(\"${PACKAGE_VERSION_COMPATIBLE}\")\n");
    EXPECT_EQ(shell("cmake -P " + (folder / "ask.cmake")).err, std::string(found) + "\n") << asked;
  }
}

// The project's folder comes before ours, and its files have the names of ours.
TEST_F(Install, AnotherProjectMayHaveFoldersAndFilesOfTheSameNames) {
  for (const std::string own : {"core/tensor.h", "core/real.h", "autograd/var.h", "layers/module.h",
                                "models/model.h", "data/batch.h", "tools/data/batch.h"}) {
    std::filesystem::create_directories(std::filesystem::path(folder / own).parent_path());
    put(folder / own, "struct Mine {};\n");
  }
  const Ending o = compile("g++ -fsyntax-only -I. -Icore -Idata" + flags() + "consumer.cpp",
                           "#include \"core/tensor.h\"\n#include <excite/excite.h>\n"
                           "Mine mine;\nexcite::Tensor tensor;\n");
  EXPECT_EQ(o.code, 0) << o.err;
}

TEST_F(Install, InstalledHeadersIncludeOnlyInstalledHeaders) {
  const Ending o = compile("(cd " + prefix +
                               "/include && find excite -name '*.h' | sed 's/.*/#include <&>/')"
                               " > consumer.cpp && g++ -fsyntax-only -MD -MF headers" +
                               flags() + "consumer.cpp && cat headers",
                           "");
  EXPECT_EQ(o.code, 0) << o.err;
  for (const std::string own : {"data/dataset.h", "training/step.h", "autograd/ops.h", "excite.h"})
    EXPECT_NE(o.out.find("/include/excite/" + own), std::string::npos) << own;
  for (const std::string other : {"nlohmann/", "CLI/", "stb/", "core/kernels/simd.h"})
    EXPECT_EQ(o.out.find(other), std::string::npos) << "an installed header includes " << other;
}

// The first error is the sentence, and nothing follows but the line that ends the compilation.
TEST_F(Install, FlagsThatCannotWorkAreRefusedWithASentence) {
  for (const std::string header : {"excite.h", "core/shape.h", "data/dataset.h"})
    for (const auto& [flag, sentence] :
         {std::pair{"-std=c++17", "excite needs C++20: compile with -std=c++20"},
          {"-D_GLIBCXX_DEBUG", "compile with -D_GLIBCXX_ASSERTIONS instead"}}) {
      const Ending o = compile("LC_ALL=C g++ -fsyntax-only" + flags() + flag + " consumer.cpp",
                               "#include <excite/" + header + ">\n");
      EXPECT_NE(o.code, 0) << header << " " << flag;
      expect_contains(o.err, sentence);
      expect_contains(o.err, "compilation terminated");
      long errors = 0;
      for (std::size_t at = 0; (at = o.err.find(" error: ", at)) != std::string::npos; at++)
        errors++;
      EXPECT_EQ(errors, 2) << o.err;
    }
}

// The declaration that the compiler shows says what to do.
TEST_F(LongInstall, CopiesOfTensorsAndModulesAreRefusedWithASentence) {
  const auto error_of = [&](const std::string& line) {
    return compile("LC_ALL=C g++ -fsyntax-only" + flags() + "consumer.cpp",
                   "#include <excite/excite.h>\nusing namespace excite;\n"
                   "struct Net : Module {\n  Var operator()(const Var& x) const { return x; }\n};\n"
                   "int main() {\n  Net net;\n  Tensor x = zeros({2});\n  " +
                       line + "\n}\n")
        .err;
  };
  EXPECT_EQ(error_of("net(std::move(x)), net(x.clone()), as_model(std::move(net), {});"), "");
  expect_contains(error_of("net(x);"), "for a copy call x.clone(); or hand x over: std::move(x)");
  expect_contains(error_of("as_model(net, {});"), "call it with std::move(net)");
}

TEST_F(Install, HeadersOfOnePrecisionDoNotLinkWithTheLibraryOfTheOther) {
  const std::string other = in_double_build ? "excite" : "excite-double";
  const Ending o = compile("LC_ALL=C g++" + flags(other) + "consumer.cpp " +
                               pkg_config("--libs " + package) + " -o consumer",
                           "#include <excite/core/tensor.h>\n"
                           "int main() { return excite::zeros({2}).size() == 2 ? 0 : 1; }\n");
  EXPECT_NE(o.code, 0);
  expect_contains(o.err, "EXCITE_DOUBLE");
}

TEST_F(Install, ASystemFolderNeedsNoIncludeFlag) {
  const Ending made = install_into("/usr");
  ASSERT_EQ(made.code, 0) << made.err;
  const std::string flags_of = "/lib/pkgconfig pkg-config --cflags excite";
  EXPECT_EQ(shell("PKG_CONFIG_PATH=" + stage + "/usr" + flags_of).out.substr(0, 2), "-s");
  EXPECT_EQ(shell("PKG_CONFIG_PATH=" + prefix + flags_of).out.substr(0, 2), "-I");
}

TEST_F(Install, ProgramsRunAndHaveTheVersionOfPkgConfig) {
  for (const std::string name : {"excite", "excite-double"}) {
    const Ending models = shell(prefix + "/bin/" + name + " models");
    EXPECT_EQ(models.code, 0) << models.err;
    const Ending said = shell(prefix + "/bin/" + name + " --version");
    expect_contains(said.out, shell("echo " + pkg_config("--modversion " + name)).out);
  }
}

// From a folder that has nothing to do with the source tree.
TEST_F(Install, PredictUsesTheInstalledWeights) {
  const std::string image = std::filesystem::absolute("tools/examples/cat.jpg"),
                    predict = "/excite predict --top 1 " + image;
  const Ending o = shell("cd " + folder.path() + " && " + prefix + "/bin" + predict);
  EXPECT_EQ(o.code, 0) << o.err;
  expect_contains(o.out, "\n  cat  ");
  expect_contains(o.err, prefix + "/share/excite/se_resnet20-cifar10.safetensors");
  const Ending alone =
      shell("cd " + folder.path() + " && cp " + prefix + "/bin/excite . && ." + predict);
  EXPECT_EQ(alone.code, 2);
  expect_contains(alone.err,
                  "excite: predict: there is no --weights, and the trained network that");
  expect_contains(alone.err,
                  "excite predict --weights tools/examples/se_resnet20-cifar10.safetensors IMAGE");
}

using NightInstall = Install;

TEST_F(NightInstall, AnotherProjectCanUseClang) {
  const Ending o =
      build_and_run("clang++ -O0 -g", get("tests/consumer/small_program.cpp"), package);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.out, greeting);
}

TEST_F(NightInstall, AnotherProjectCanFetchTheSourcesAndBuildThem) {
  const Ending o = cmake_and_run(
      "fetch", "-DFETCHCONTENT_SOURCE_DIR_EXCITE=" + std::filesystem::current_path().string() +
                   " -DEXCITE_OPTIMIZE=-O0");
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.out, greeting);
}

// The program asks for libexcite.so.0.2, which is any version with the same interface.
TEST_F(NightInstall, AnotherProjectCanLinkTheSharedLibrary) {
  prefix = stage + "/opt/shared";
  const Ending made = install_into("/opt/shared");
  ASSERT_EQ(made.code, 0) << made.err;
  const Ending shared = shell(
      "env -u MAKEFLAGS make -s -j$(nproc) install-shared OPTIMIZE=-O0 BUILD=" + build_folder() +
      "/unoptimized DESTDIR=" + stage + " PREFIX=/opt/shared");
  ASSERT_EQ(shared.code, 0) << shared.err;
  const Ending o = build_and_run("export LD_LIBRARY_PATH=" + prefix + "/lib; g++",
                                 get("tests/consumer/small_program.cpp"), package);
  EXPECT_EQ(o.code, 0) << o.err;
  EXPECT_EQ(o.out, greeting);
  const Ending needed = shell("objdump -p " + (folder / "consumer") + " | grep NEEDED");
  expect_contains(needed.out, "lib" + package + ".so." + interface + "\n");
  std::filesystem::remove_all(folder / "run");
  const Ending found = cmake_and_run("", "-DCMAKE_PREFIX_PATH=" + prefix);
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_EQ(found.out, greeting);
}

}  // namespace
}  // namespace excite
