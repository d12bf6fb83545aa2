#include "tools/data/check_data.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <iterator>
#include <map>
#include <numeric>

#include "core/check.h"
#include "core/text.h"
#include "tools/data/name_form.h"
#include "tools/data/prefetch.h"

namespace excite {

namespace {

struct Place {
  std::string set, image, label;
};
using Seen = std::map<std::pair<std::uint64_t, std::pair<long, long>>, Place>;  // by content

// FNV-1a.
std::uint64_t hash_of(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

// What is kept of an image while it is decoded: its sides and its hash.
struct Content {
  std::uint64_t hash = 0;
  long height = 0, width = 0;
};

std::vector<Content> contents_of(const Dataset& set, std::vector<std::string>& broken) {
  constexpr long group = 256;
  std::vector<Content> contents(set.count());
  Dataset lenient = set;
  lenient.strict = false;
  for (long begin = 0; begin < set.count(); begin += group) {
    std::vector<long> indices(std::min(group, set.count() - begin));
    std::iota(indices.begin(), indices.end(), begin);
    Prefetch(lenient, indices, [&](const ImageSource& source, long index) {
      const Image image = crop(source, source.whole());
      contents[index] = {hash_of(image.pixels), image.height, image.width};
      return Image{};
    }).take();
  }
  for (long i = 0; i < set.count(); i++)
    if (contents[i].height == 0) broken.push_back(set.name(i));
  return contents;
}

// "Cat ", "cat" -> "cat"
std::string simplified(const std::string& name) {
  std::string simple;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 128)
      simple += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return simple;
}

void check_set(const Dataset& set, const std::string& name, Seen& seen, DataReport& report) {
  if (set.count() == 0) return;
  std::ranges::copy(set.left_out, std::back_inserter(report.broken));
  SetReport result{.name = name, .images = 0, .per_class = std::vector<long>(set.classes.size())};
  std::vector<long> short_sides;
  const std::vector<Content> contents = contents_of(set, report.broken);
  for (long i = 0; i < set.count(); i++) {
    const Content& c = contents[i];
    if (c.height == 0) continue;
    result.images++;
    result.per_class[set.labels[i]]++;
    short_sides.push_back(std::min(c.height, c.width));
    result.max_side = std::max({result.max_side, c.height, c.width});
    const Place here{name, set.name(i), set.classes[set.labels[i]]};
    const auto [first, is_new] = seen.try_emplace({c.hash, {c.height, c.width}}, here);
    const Place& before = first->second;
    if (!is_new && (before.set != here.set || before.label != here.label))
      report.duplicates.push_back(text(before.image, " (", before.set, ", ", before.label, ") and ",
                                       here.image, " (", here.set, ", ", here.label, ")"));
  }
  if (!short_sides.empty()) {
    std::sort(short_sides.begin(), short_sides.end());
    result.min_side = short_sides.front();
    result.median_side = short_sides[short_sides.size() / 2];
  }
  report.sets.push_back(result);
}

void look_for_suspicious(const Dataset& train, DataReport& report) {
  std::map<std::string, std::string> names;
  for (const std::string& name : train.classes)
    if (const auto [other, is_new] = names.try_emplace(simplified(name), name); !is_new)
      report.suspicious.push_back(
          text("the classes '", other->second, "' and '", name, "' have nearly the same name"));
  for (std::size_t i = 0; i < train.classes.size(); i++)
    for (std::size_t j = 0; j < i; j++)
      if (differ_in_form(train.classes[i], train.classes[j]))
        report.suspicious.push_back(text("the classes '", train.classes[j], "' and '",
                                         train.classes[i],
                                         "' look the same, but their accents are in different "
                                         "Unicode forms (NFC and NFD)"));
  for (const SetReport& set : report.sets) {
    constexpr long few = 5, much = 20;
    const auto [least, most] = std::minmax_element(set.per_class.begin(), set.per_class.end());
    const std::string& rare = train.classes[least - set.per_class.begin()];
    if (*least < few)
      report.suspicious.push_back(
          text(set.name, ": the class '", rare, "' has only ", counted(*least, "image")));
    if (*most > much * *least)
      report.suspicious.push_back(text(set.name, ": the class '",
                                       train.classes[most - set.per_class.begin()], "' has ", *most,
                                       " images, and '", rare, "' has ", *least));
  }
}

}  // namespace

DataReport check_data(const DataSplit& data) {
  DataReport report;
  report.classes = data.train.classes;
  Seen seen;
  check_set(data.train, "train", seen, report);
  check_set(data.validation, "validation", seen, report);
  check_set(data.test, "test", seen, report);
  look_for_suspicious(data.train, report);
  return report;
}

}  // namespace excite
