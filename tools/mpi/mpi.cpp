#include "tools/mpi/mpi.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "core/check.h"
#include "tools/commands/error_line.h"
#include "tools/commands/signals.h"

namespace excite {

namespace {

// What mpirun says in the environment: Open MPI by the first variable, MPICH by the second one, and
// Slurm's srun with PMIx by the last one.
long number_in(std::initializer_list<const char*> variables, long otherwise) {
  for (const char* name : variables)
    if (const char* number = std::getenv(name)) return std::atol(number);
  return otherwise;
}
long started_processes() {
  const long by_srun =
      std::getenv("PMIX_RANK") ? number_in({"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"}, 1) : 1;
  return number_in({"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"}, by_srun);
}
bool is_one_of_several() { return started_processes() > 1; }
bool is_first() { return number_in({"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"}, 0) == 0; }

// What is written to the stream goes nowhere.
void silence(std::FILE* stream) {
  require(std::freopen("/dev/null", "w", stream) != nullptr, "/dev/null: it cannot be opened");
}

void wait_seconds(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

}  // namespace

int run_on_ranks(const std::function<int(Ranks*)>& body) {
  Ranks* ranks = is_one_of_several() ? start_ranks() : nullptr;
  require<UsageError>(
      ranks || !is_one_of_several(),
      "mpirun has started several processes, but this program is built without MPI, "
      "so each would train alone; build it with `make MPI=1`");
  if (!ranks) return body(nullptr);
  require<UsageError>(ranks->count() == started_processes(), "train: ", started_processes(),
                      " processes were started, but MPI connects ", ranks->count(),
                      " of them; start them by mpirun of the MPI that excite was built with");
  if (!is_first()) silence(stdout);
  stop_quietly();  // mpirun sends SIGTERM to all ranks, also when one of them fails
  const int code = body(ranks);
  end_ranks();
  return code;
}

int report_error_on_ranks(const std::function<int()>& report) {
  if (!is_one_of_several()) return report();
  constexpr double seconds = 2;  // ranks that have the same error have it at nearly the same time
  Ranks* ranks = start_ranks();
  if (ranks && !ranks->all_arrive(seconds)) {
    set_error_origin(ranks->name());
    const int code = report();
    abort_ranks(code);
    return code;
  }
  if (!is_first()) silence(stderr);
  const int code = report();
  if (!ranks && !is_first()) wait_seconds(seconds);  // without MPI no rank knows of another
  if (ranks && ranks->all_arrive(seconds)) end_ranks();
  return code;
}

}  // namespace excite
