#include "tools/data/validation_split.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/check.h"
#include "core/files/atomic_file.h"
#include "core/files/crc.h"
#include "core/random.h"
#include "core/text.h"
#include "tools/data/csv.h"

namespace excite {

namespace {

// Of a file: its path below the folder of the set.
std::string relative_name(const Dataset& set, long i) {
  const std::string name = set.name(i), folder = set.source + "/";
  return name.starts_with(folder) ? name.substr(folder.size()) : name;
}

// How many of `sizes` images each class gives, `total` in all: each its share rounded down, then
// one more from the classes with the largest remainders.
std::vector<long> apportion(const std::vector<long>& sizes, long images, long total) {
  std::vector<long> given, order;
  long left = total;
  for (const long size : sizes) {
    order.push_back(std::ssize(order));
    given.push_back(size * total / images);
    left -= given.back();
  }
  std::stable_sort(order.begin(), order.end(), [&](long a, long b) {
    return sizes[a] * total % images > sizes[b] * total % images;
  });
  for (const long label : order)
    if (left > 0 && given[label] + 1 < sizes[label]) given[label]++, left--;
  return given;
}

}  // namespace

std::vector<long> validation_indices(const Dataset& set, double amount, long seed) {
  set.validate();
  const double images = static_cast<double>(set.count());
  require<UsageError>(amount > 0 && amount < images, "--val ", amount, ": there are ",
                      counted(set.count(), "training image"),
                      ", expected fewer to validate on, or none");
  const long total =
      std::min(set.count() - 1, std::max(1l, std::lround(amount < 1 ? amount * images : amount)));
  std::vector<std::vector<std::pair<std::uint64_t, long>>> of_class;  // hash of the name, index
  for (long i = 0; i < set.count(); i++) {
    const std::size_t label = static_cast<std::size_t>(set.labels[i]);
    if (label >= of_class.size()) of_class.resize(label + 1);
    const std::string name = relative_name(set, i);
    of_class[label].emplace_back(Rng(seed, crc32c(name.data(), name.size())).bits(), i);
  }
  std::vector<long> sizes, indices;
  for (const auto& members : of_class) sizes.push_back(std::ssize(members));
  const std::vector<long> given = apportion(sizes, set.count(), total);
  for (std::size_t label = 0; label < of_class.size(); label++) {
    std::sort(of_class[label].begin(), of_class[label].end());
    for (long k = 0; k < given[label]; k++) indices.push_back(of_class[label][k].second);
  }
  std::sort(indices.begin(), indices.end());
  return indices;
}

DataSplit split_validation(DataSplit data, double amount) {
  if (amount == 0) data.validation = {};
  const bool there = data.validation.count() > 0;
  require<UsageError>(!there || amount == default_validation, "--val ", amount, ": ",
                      data.validation.source, " has ", data.validation.count(),
                      " validation images already; leave the option out, or give none");
  if (there || amount == 0) return data;
  const std::vector<long> indices = validation_indices(data.train, amount);
  data.validation = select(data.train, indices);
  if (!indices.empty()) data.train = leave_out(std::move(data.train), indices);
  return data;
}

void write_split(const std::string& path, const DataSplit& data) {
  std::string lines = "file,label,set\n";
  const auto add = [&](const Dataset& set, const char* name) {
    for (long i = 0; i < set.count(); i++)
      lines += csv_field(relative_name(set, i)) + "," + csv_field(set.classes[set.labels[i]]) +
               "," + name + "\n";
  };
  add(data.train, "train");
  add(data.validation, "validation");
  write_text_atomically(path, lines);
}

}  // namespace excite
