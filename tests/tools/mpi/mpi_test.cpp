// The program without MPI, in the environment that mpirun and srun make.
#include <gtest/gtest.h>

#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

Ending train_with(const std::string& variables, const std::string& out) {
  return shell("env " + variables +
               " $EXCITE train --model se_resnet8 --limit 16 --batch 8 --epochs 1 --out " + out);
}

TEST(WithoutMpi, SeveralProcessesAreAnErrorThatTheFirstOneReports) {
  const ScratchFolder folder;
  for (const char* launcher : {"OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=",
                               "PMI_SIZE=3 PMI_RANK=", "SLURM_NTASKS=2 PMIX_RANK="}) {
    const std::string variables = launcher;
    expect_failure(train_with(variables + "0", folder / "run"), 2,
                   {"mpirun has started several processes", "built without MPI", "make MPI=1"});
    const Ending second = train_with(variables + "1", folder / "run");
    EXPECT_EQ(second.code, 2);
    EXPECT_EQ(second.err, "");
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

TEST(WithoutMpi, OneProcessTrainsAsWithoutMpirun) {
  const ScratchFolder folder;
  const Ending ending = train_with("OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0", folder / "run");
  EXPECT_EQ(ending.code, 0) << ending.err;
}

}  // namespace
}  // namespace excite
