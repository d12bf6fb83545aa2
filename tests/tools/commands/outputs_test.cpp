// Where the output of a command may go: to files of any mode, through links, to pipes and devices,
// and to standard output. core/files/atomic_file_test.cpp tests the same without the program.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "models/interop/weights.h"
#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/file_header.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

struct Outputs : testing::Test {
  ScratchFolder folder;
  const std::string weights = folder / "w.safetensors", image = folder / "data/test/ant/0.png",
                    bench = folder / "bench.json", log = folder / "log.csv",
                    tensors = folder / "in.safetensors";
  Outputs() {
    Rng rng(5);
    const Model model = make_model("se_resnet8", {}, 2, rng);
    const Preprocessing preprocessing{{"ant", "bee"}, {0.4, 0.5, 0.6}, {0.2, 0.25, 0.3}, 32, 32};
    save_tensors(weights, describe(model, preprocessing), state_of(model.module()));
    for (const char* name : {"ant", "bee"}) {
      put_image(folder / "data/test/" + name + "/0.png", noise_image(32, 32, 1));
      put_image(folder / "data/train/" + name + "/0.png", noise_image(32, 32, 1));
    }
    put(log, get("tools/training/se_resnet20-builtin.csv"));
    put(bench, get("core/roofline.json"));
    const Tensor input = full({2, 3, 32, 32}, 1);
    write_safetensors(tensors, {}, {{"input", &input}, {"target", Integers{{2}, {0, 1}}}});
  }
  // Every command that writes a file, with the name of the file in place of OUT.
  std::vector<std::string> commands() const {
    const std::string w = " --weights " + weights, data = " --data " + (folder / "data");
    return {"evaluate" + w + data + " --csv OUT",
            "predict" + w + " " + image + " --csv OUT",
            "predict" + w + " --tensors " + tensors + " --out OUT",
            "backward" + w + " --tensors " + tensors + " --out OUT",
            "convert " + weights + " OUT --to excite",
            "images" + data + " --out OUT",
            "plot " + log + " --out OUT",
            "roofline " + bench + " --out OUT"};
  }
  Ending run(std::string command, const std::string& out, const std::string& redirected = "") {
    command.replace(command.find("OUT"), 3, out);
    const Ending ended = shell("\"$EXCITE\" " + command + redirected);
    EXPECT_EQ(ended.code, 0) << command << ": " << ended.err;
    return ended;
  }
  std::string extension_of(const std::string& command) const {
    return command.starts_with("images")                                    ? ".png"
           : command.starts_with("plot") || command.starts_with("roofline") ? ".svg"
                                                                            : ".out";
  }
  // The file that the command writes when all is usual.
  std::string file_of(const std::string& command) {
    const std::string path = folder / ("usual" + extension_of(command));
    run(command, path);
    return get(path);
  }
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  lstat(path.c_str(), &status);
  return status.st_mode;
}

TEST_F(Outputs, KeepModesAndFollowLinks) {
  for (const std::string& command : commands()) {
    const std::string usual = file_of(command), extension = extension_of(command),
                      path = folder / ("old" + extension), link = folder / ("link" + extension);
    put(path, "old");
    chmod(path.c_str(), 0600);
    std::filesystem::create_symlink(path, link);
    run(command, link);
    EXPECT_TRUE(S_ISLNK(mode_of(link))) << command;
    EXPECT_EQ(mode_of(path), S_IFREG | 0600u) << command;
    EXPECT_TRUE(get(path) == usual) << command;
    std::filesystem::remove(link);
  }
}

TEST_F(Outputs, GoToPipesAndDevicesWithoutReplacingThem) {
  for (const std::string& command : commands()) {
    const std::string usual = file_of(command), pipe = folder / ("pipe" + extension_of(command)),
                      device = folder / ("null" + extension_of(command));
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    Child reader({"cat", pipe});
    run(command, pipe);
    EXPECT_TRUE(reader.wait().out == usual) << command;
    EXPECT_TRUE(S_ISFIFO(mode_of(pipe))) << command;
    std::filesystem::remove(pipe);
    std::filesystem::create_symlink("/dev/null", device);
    run(command, device);
    EXPECT_TRUE(S_ISCHR(mode_of("/dev/null"))) << command;
    std::filesystem::remove(device);
  }
}

// What the program has to say to people goes to standard error then.
TEST_F(Outputs, GoToStandardOutputAlone) {
  for (const std::string& command : commands()) {
    const std::string usual = file_of(command), file = folder / "all";
    for (const char* out : {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
      EXPECT_TRUE(run(command, out).out == usual) << command << out;
      put(file, "before ");
      run(command, out, " >> " + file);
      EXPECT_TRUE(get(file) == "before " + usual) << command << out;
      EXPECT_TRUE(shell("{ echo first; \"$EXCITE\" " +
                        std::string(command).replace(command.find("OUT"), 3, out) +
                        " 2>/dev/null; } | cat")
                      .out == "first\n" + usual)
          << command << out;
    }
    EXPECT_TRUE(S_ISLNK(mode_of("/dev/stdout")));
  }
}

TEST_F(Outputs, WithJsonOfCsvOnStandardOutputAreRefused) {
  for (const std::string& command :
       {"evaluate --weights " + weights + " --data " + (folder / "data"),
        "predict --weights " + weights + " " + image})
    for (const char* out : {"-", "/dev/stdout"})
      expect_failure(shell("\"$EXCITE\" " + command + " --json --csv " + out), 2,
                     {text("--csv ", out, " cannot be combined with --json")});
}

// The files of a run are links to another disk, for example.
TEST_F(Outputs, OfATrainingRunKeepModesAndFollowLinks) {
  const std::string run = folder / "run", there = folder / "there.safetensors";
  const std::string train = "train --model se_resnet8 --limit 16 --batch 8 --epochs 1 --out " + run;
  ASSERT_EQ(shell("\"$EXCITE\" " + train).code, 0);
  const std::string whole = get(run + "/last.safetensors");
  std::filesystem::rename(run + "/last.safetensors", there);
  std::filesystem::create_symlink(there, run + "/last.safetensors");
  chmod((run + "/log.csv").c_str(), 0640);
  std::filesystem::remove(there);  // so that the epoch is trained again
  ASSERT_EQ(shell("\"$EXCITE\" train --resume --out " + run).code, 0);
  EXPECT_TRUE(S_ISLNK(mode_of(run + "/last.safetensors")));
  EXPECT_TRUE(get(there) == whole);
  EXPECT_EQ(mode_of(run + "/log.csv"), S_IFREG | 0640u);
}

}  // namespace
}  // namespace excite
