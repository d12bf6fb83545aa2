#include "tools/training/local_batch_norm.h"

#include <algorithm>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// Adds the numbers of all ranks. Each rank receives one slice of those of all, adds it, and sends
// the sum to all.
void add_of_ranks(Ranks& ranks, std::vector<real>& numbers) {
  const long size = std::ssize(numbers), count = ranks.count();
  const auto length = [&](long rank) { return size * (rank + 1) / count - size * rank / count; };
  std::vector<long> bytes;  // of the slices
  for (long rank = 0; rank < count; rank++)
    bytes.push_back(length(rank) * static_cast<long>(sizeof(real)));
  const long slice = length(ranks.rank());
  std::vector<real> slices(slice * count);
  ranks
      .start_all_to_all(numbers.data(), bytes, slices.data(),
                        std::vector<long>(count, bytes[ranks.rank()]))
      ->wait();
  for (long rank = 1; rank < count; rank++)
    for (long i = 0; i < slice; i++) slices[i] += slices[rank * slice + i];
  ranks.start_all_gather(slices.data(), numbers.data(), bytes)->wait();
}

// Adds these gradients by one exchange.
void add_together(Ranks& ranks, const std::vector<Tensor*>& gradients) {
  std::vector<real> numbers;
  for (const Tensor* g : gradients) numbers.insert(numbers.end(), g->begin(), g->end());
  add_of_ranks(ranks, numbers);
  const real* at = numbers.data();
  for (Tensor* g : gradients) {
    std::copy_n(at, g->size(), g->begin());
    at += g->size();
  }
}

}  // namespace

void require_ranks_of(const Recipe& recipe, long ranks) {
  require<UsageError>(
      recipe.ranks == 0 || recipe.ranks == ranks, "train: the run has batch norm ",
      "of each rank's own images, on ", counted(recipe.ranks, "rank"), ", but there ",
      ranks == 1 ? "is " : "are ", ranks, ": its weights would be others; start it on ",
      recipe.ranks, recipe.ranks == 1 ? ", without mpirun" : text(" by mpirun -n ", recipe.ranks));
}

void add_gradients_of_ranks(Ranks& ranks, const std::vector<Parameter>& parameters) {
  constexpr long enough = (1l << 20) / static_cast<long>(sizeof(real));  // numbers of an exchange
  std::vector<Tensor*> together;
  long size = 0;
  for (const Parameter& p : parameters) {
    together.push_back(&p.var->grad);
    size += p.var->grad.size();
    if (size < enough) continue;
    add_together(ranks, together);
    together.clear(), size = 0;
  }
  if (size > 0) add_together(ranks, together);
}

void average_running_statistics(Ranks& ranks, const Module& module) {
  std::vector<Tensor*> statistics;
  std::vector<real> own;
  for (const Module::Entry& e : module.state())
    if (e.kind == Module::Kind::buffer) {
      statistics.push_back(&e.var->value);
      own.insert(own.end(), e.var->value.begin(), e.var->value.end());
    }
  const long size = std::ssize(own);
  const std::vector<real> all =
      all_gather(ranks, own.data(), std::vector<long>(ranks.count(), size));
  long at = 0;
  for (Tensor* tensor : statistics)
    for (real& number : *tensor) {
      real differences = 0;
      for (long rank = 1; rank < ranks.count(); rank++)
        differences += all[rank * size + at] - all[at];
      number = all[at++] + differences / static_cast<real>(ranks.count());
    }
}

}  // namespace excite
