#include "tools/commands/equal_ranks.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/check.h"
#include "core/files/crc.h"
#include "core/text.h"

namespace excite {

namespace {

// The files of a program are the same if their bytes are.
std::string this_program() {
  std::ostringstream file;
  file << std::ifstream("/proc/self/exe", std::ios::binary).rdbuf();
  const std::string bytes = file.str();
  return text(bytes.size(), " bytes with the checksum ", crc32c(bytes.data(), bytes.size()));
}

// Where the images are, and the number of threads, may differ.
std::string settings_of(RunConfig config) {
  config.data = "", config.threads = 1, config.cpu = "";
  return config_json(config);
}

std::uint32_t checksum_of(const Dataset& set) {
  std::uint32_t sum = crc32c(set.labels.data(), set.labels.size() * sizeof(int));
  sum = crc32c(set.pixels.data(), set.pixels.size(), sum);
  for (const std::string& name : set.classes) sum = crc32c(name.data(), name.size(), sum);
  for (const std::string& file : set.files) {  // without the folder, which may differ
    const std::string name = std::filesystem::path(file).filename();
    sum = crc32c(name.data(), name.size(), sum);
  }
  return sum;
}
std::string images_of(const DataSplit& data) {
  std::string all;
  for (const Dataset* set : {&data.train, &data.validation, &data.test})
    all += text(all.empty() ? "" : ", ", set->count(), " images with the checksum ",
                checksum_of(*set));
  return all;
}

// The first lines in which they differ: "A", but "B" there.
std::string first_difference(const std::string& there, const std::string& first) {
  const std::vector<std::string> a = split(there, '\n'), b = split(first, '\n');
  std::size_t i = 0;
  while (i + 1 < a.size() && i + 1 < b.size() && a[i] == b[i]) i++;
  const auto line = [&](const std::vector<std::string>& lines) {
    const std::size_t begin = lines[i].find_first_not_of(' ');
    return begin == std::string::npos ? "" : lines[i].substr(begin);
  };
  return text(line(a), " instead of ", line(b));
}

void require_equal(Ranks& ranks, const char* what, const std::string& own) {
  const std::vector<std::string> all = all_gather(ranks, own),
                                 names = all_gather(ranks, ranks.name());
  for (std::size_t r = 1; r < all.size(); r++)
    require<UsageError>(all[r] == all[0], "train: ", names[r], " has another ", what, " than ",
                        names[0], ": ", first_difference(all[r], all[0]),
                        "; all ranks need the same program, options and images");
}

// Of image files it is the only thing that depends on their pixels.
std::string numbers_of(const Normalization& n) {
  std::string all = "mean and deviation of the pixels";
  for (const double number :
       {n.mean[0], n.mean[1], n.mean[2], n.deviation[0], n.deviation[1], n.deviation[2]})
    all += text(" ", decimal(number, 17));
  return all;
}

}  // namespace

void require_equal_ranks(Ranks& ranks, const RunConfig& config, const DataSplit& data,
                         const Normalization& normalization) {
  require_equal(ranks, "program", this_program());
  require_equal(ranks, "configuration", settings_of(config));
  require_equal(ranks, "set of images", images_of(data));
  require_equal(ranks, "normalization", numbers_of(normalization));
}

RunConfig config_of_first_rank(Ranks& ranks, const RunConfig& config) {
  return parse_config(all_gather(ranks, config_json(config))[0], "the configuration of rank 0");
}

}  // namespace excite
