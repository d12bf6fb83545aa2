// The ranks that mpirun has started (core/ranks.h). with_mpi.cpp is the only file that knows MPI;
// it is built by `make MPI=1`, and without_mpi.cpp in its place otherwise.
#pragma once
#include <functional>

#include "core/ranks.h"

namespace excite {

// The ranks of which this process is one. The first call starts MPI. nullptr after end_ranks, and
// in a build without MPI. They live as long as the process.
Ranks* start_ranks();
// Every rank calls it last, unless it ends with an error that the others do not have.
void end_ranks();
// Ends all ranks at once. The exit code of mpirun is then `code`.
void abort_ranks(int code);

// Runs body with the ranks, or with nullptr, and ends the ranks. Only rank 0 writes to standard
// output. UsageError if mpirun has started several processes, but the program is built without MPI.
int run_on_ranks(const std::function<int(Ranks* ranks)>& body);

// Reports an error, and returns what `report` returns. If all ranks have one, only rank 0 reports
// its own. The others wait for it, for up to two seconds, because mpirun ends all processes once
// one has failed. If only some ranks have one, each of these reports its own with its name
// (error_origin).
int report_error_on_ranks(const std::function<int()>& report);

}  // namespace excite
