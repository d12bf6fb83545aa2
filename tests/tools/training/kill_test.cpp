// Training processes that are killed at any point and resumed.
#include <sys/wait.h>

#include <cstdio>
#include <memory>
#include <thread>

#include "core/files/atomic_file.h"
#include "core/parallel.h"
#include "tests/tools/training/short_runs.h"

namespace excite {
namespace {

// Where a process kills itself: at the n-th call of this kind for the file of that name. A "write"
// is killed after half of the bytes.
struct KillPoint {
  std::string call, file;
  int n;
};

std::string path_of(int descriptor) {
  return std::filesystem::read_symlink(text("/proc/self/fd/", descriptor));
}

void kill_self() { raise(SIGKILL); }

// In the child process: installs the kill point.
void install(const KillPoint& point) {
  const auto reached = [point, count = std::make_shared<int>(0)](const std::string& call,
                                                                 const std::string& path) {
    return call == point.call && path.find(point.file) != std::string::npos && ++*count == point.n;
  };
  save_calls.write = [=](int fd, const void* bytes, std::size_t count) {
    if (reached("write", path_of(fd))) {
      [[maybe_unused]] const auto half = ::write(fd, bytes, count / 2);
      kill_self();
    }
    return ::write(fd, bytes, count);
  };
  save_calls.fsync = [=](int fd) {
    if (reached("fsync", path_of(fd))) kill_self();
    return ::fsync(fd);
  };
  save_calls.rename = [=](const char* from, const char* to) {
    if (reached("before rename", to)) kill_self();
    const int result = ::rename(from, to);
    if (reached("after rename", to)) kill_self();
    return result;
  };
}

// A process that trains in `path`. Threads do not survive a fork, so only one may exist.
pid_t fork_training(const std::string& path, const Recipe& recipe, const std::function<int()>& stop,
                    const std::function<void()>& prepare_child) {
  set_threads(1);
  const pid_t child = fork();
  if (child != 0) return child;
  prepare_child();
  int code = 99;
  try {
    code = train_in(path, recipe, stop);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  _exit(code);
}

bool killed(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

long finished_epochs(const std::string& path) {
  const std::string log = get(path + "/log.csv");
  return std::max(0l, static_cast<long>(std::count(log.begin(), log.end(), '\n')) - 1);
}

// Kills the run in `path` while it saves.
void kill_inside(const std::string& path, const Recipe& recipe, const KillPoint& point) {
  EXPECT_TRUE(killed(fork_training(path, recipe, never, [&] { install(point); })))
      << point.call << " " << point.file << " " << point.n;
}

// Kills it between two steps, or between two batches of the evaluation: at the k-th call of stop.
void kill_at(const std::string& path, const Recipe& recipe, int k) {
  const auto stop_by_kill = [stop = stop_at(k)]() mutable {
    return stop() == 0 ? 0 : (kill_self(), 0);
  };
  EXPECT_TRUE(killed(fork_training(path, recipe, stop_by_kill, [] {}))) << k;
}

// Kills it from outside at any time after its first epoch; it may have ended by then.
void kill_outside(const std::string& path, const Recipe& recipe) {
  const pid_t child = fork_training(path, recipe, never, [] {});
  for (int waited = 0; finished_epochs(path) < 1 && waited < 60'000; waited++)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  kill(child, SIGKILL);
  killed(child);
}

struct Killed : testing::Test {
  const ScratchFolder folder;
  const Recipe recipe = short_recipe(10);
  const std::string path = folder / "killed";
  const int threads_before = threads();
  ~Killed() override { set_threads(threads_before); }
  void expect_nothing_lost() {
    ASSERT_EQ(train_in(path, recipe, never), 0);
    ASSERT_EQ(train_in(folder / "whole", recipe, never), 0);
    expect_same_run(path, folder / "whole");
    EXPECT_EQ(finished_epochs(path), 10);
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      EXPECT_EQ(entry.path().string().find(".tmp."), std::string::npos) << entry.path();
    }
  }
};

TEST_F(Killed, FiveTimesItResumesToTheSameBits) {
  kill_inside(path, recipe, {"write", "last.safetensors", 2});
  kill_at(path, recipe, 8);
  kill_inside(path, recipe, {"before rename", "last.safetensors", 2});
  kill_inside(path, recipe, {"before rename", "log.csv", 2});
  kill_at(path, recipe, 2);
  expect_nothing_lost();
}

TEST_F(Killed, FromOutsideItResumesToTheSameBits) {
  kill_outside(path, recipe);
  expect_nothing_lost();
}

using LongKilled = Killed;

// The kills inside a save are in the first save of the process, so no epoch is finished, except for
// "after rename" of last.safetensors.
TEST_F(LongKilled, TwentyTimesItResumesToTheSameBits) {
  kill_inside(path, recipe, {"write", "best.safetensors", 1});
  for (const KillPoint& point : std::vector<KillPoint>{{"write", "last.safetensors", 1},
                                                       {"fsync", "last.safetensors", 1},
                                                       {"before rename", "last.safetensors", 1},
                                                       {"after rename", "last.safetensors", 1},
                                                       {"write", "log.csv", 1},
                                                       {"before rename", "log.csv", 1},
                                                       {"after rename", "log.csv", 1}}) {
    kill_inside(path, recipe, point);
    kill_at(path, recipe, 7);  // as the second epoch of that process begins
  }
  for (const int k : {1, 2, 3, 4, 5}) kill_at(path, recipe, k);
  expect_nothing_lost();
}

}  // namespace
}  // namespace excite
