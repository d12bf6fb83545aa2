#include "tools/commands/rank_data.h"

#include "core/check.h"
#include "core/text.h"

namespace excite {

DataFrom parse_data_from(const std::string& word) {
  require<UsageError>(word == "each" || word == "rank0", "--data-from ", word,
                      ": expected each or rank0");
  return word == "rank0" ? DataFrom::first_rank : DataFrom::each_rank;
}

namespace {

// The values of rank 0; the others give none.
template <class T>
void send(Ranks& ranks, std::vector<T>& values) {
  if (ranks.rank() != 0) values.clear();
  values = gather(ranks, values);
}
void send(Ranks& ranks, std::string& value) { value = gather(ranks, value)[0]; }

void send(Ranks& ranks, Dataset& set) {
  send(ranks, set.source);
  std::string classes = join(set.classes, "\n");
  send(ranks, classes);
  set.classes = classes.empty() ? std::vector<std::string>{} : split(classes, '\n');
  std::vector<long> numbers{set.height, set.width, set.strict};
  send(ranks, numbers);
  set.height = numbers[0], set.width = numbers[1], set.strict = numbers[2] != 0;
  send(ranks, set.labels);
  send(ranks, set.pixels);
}

}  // namespace

DataSplit load_for_ranks(Ranks* ranks, DataFrom from, const std::function<DataSplit()>& load) {
  if (!ranks || from == DataFrom::each_rank) return load();
  DataSplit data;
  if (ranks->rank() == 0) data = load();
  require<UsageError>(of_first_rank(ranks, !data.train.in_files()),
                      "--data-from rank0 sends images that are in memory, but these are in files; "
                      "copy their folder to each machine");
  for (Dataset* set : {&data.train, &data.validation, &data.test}) send(*ranks, *set);
  return data;
}

}  // namespace excite
