// In place of with_mpi.cpp, in a build without MPI.
#include "tools/mpi/mpi.h"

namespace excite {

Ranks* start_ranks() { return nullptr; }
void end_ranks() {}
void abort_ranks(int) {}

}  // namespace excite
