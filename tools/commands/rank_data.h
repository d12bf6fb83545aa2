// How the ranks that train together get their images.
#pragma once
#include <functional>
#include <string>

#include "core/ranks.h"
#include "tools/data/dataset.h"

namespace excite {

// Who reads the data set: each rank for itself, or rank 0, which sends it to the others.
enum class DataFrom { each_rank, first_rank };
DataFrom parse_data_from(const std::string& word);  // each | rank0; UsageError for another word

// What load() returns on this rank, or on rank 0. Pixels in memory are then sent as they are, and
// of images in files the bytes of the files, which all ranks keep in memory: MemoryError if they
// exceed the budget of core/memory_budget.h. Collective for first_rank.
DataSplit load_for_ranks(Ranks* ranks, DataFrom from, const std::function<DataSplit()>& load);

}  // namespace excite
