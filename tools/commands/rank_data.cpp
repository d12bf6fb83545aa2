#include "tools/commands/rank_data.h"

#include <memory>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/files/input_file.h"
#include "core/memory_budget.h"
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
  values = all_gather(ranks, values);
}
void send(Ranks& ranks, std::string& value) { value = all_gather(ranks, value)[0]; }

void send(Ranks& ranks, std::vector<std::string>& texts) {
  std::vector<long> sizes;
  for (const std::string& one : texts) sizes.push_back(std::ssize(one));
  std::string all = join(texts, "");
  send(ranks, sizes);
  send(ranks, all);
  texts.clear();
  for (long at = 0; const long size : sizes) {
    texts.push_back(all.substr(at, size));
    at += size;
  }
}

// Some files of rank 0, one after the other.
struct FileGroup {
  std::vector<long> sizes;
  std::vector<std::uint8_t> bytes;
};
// Files from number `first` on, at most 64 MB, as MPI sends at most 2 GB at once, but at least one.
// A file that cannot be used is an empty one, so opening it is the same error on all ranks.
FileGroup read_group(const std::vector<std::string>& files, std::size_t first) {
  constexpr long max_bytes = 64 << 20;
  FileGroup group;
  for (std::size_t i = first; i < files.size() && std::ssize(group.bytes) < max_bytes; i++) {
    std::vector<std::uint8_t> file;
    try {
      file = read_image_file(files[i]);
    } catch (const UnusableFile&) {}
    group.sizes.push_back(std::ssize(file));
    group.bytes.insert(group.bytes.end(), file.begin(), file.end());
  }
  return group;
}

void send_contents(Ranks& ranks, Dataset& set) {
  auto contents = std::make_shared<FileContents>();
  long total = 0;
  for (std::size_t next = 0; next < set.files.size();) {
    FileGroup group;
    if (ranks.rank() == 0) group = read_group(set.files, next);
    send(ranks, group.sizes);
    total += std::accumulate(group.sizes.begin(), group.sizes.end(), 0l);
    require_memory(total, "--data-from rank0: the image files in memory");
    send(ranks, group.bytes);
    for (auto at = group.bytes.begin(); const long size : group.sizes) {
      contents->emplace(set.files[next++], std::vector<std::uint8_t>(at, at + size));
      at += size;
    }
  }
  set.contents = std::move(contents);
}

void send(Ranks& ranks, Dataset& set) {
  send(ranks, set.source);
  send(ranks, set.classes);
  std::vector<long> numbers{set.height, set.width, set.strict, static_cast<long>(set.exif)};
  send(ranks, numbers);
  set.height = numbers[0], set.width = numbers[1], set.strict = numbers[2] != 0;
  set.exif = static_cast<Exif>(numbers[3]);
  send(ranks, set.labels);
  send(ranks, set.pixels);
  send(ranks, set.files);
  send_contents(ranks, set);
}

}  // namespace

DataSplit load_for_ranks(Ranks* ranks, DataFrom from, const std::function<DataSplit()>& load) {
  if (!ranks || from == DataFrom::each_rank) return load();
  DataSplit data;
  if (ranks->rank() == 0) data = load();
  for (Dataset* set : {&data.train, &data.validation, &data.test}) send(*ranks, *set);
  return data;
}

}  // namespace excite
