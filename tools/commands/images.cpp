// excite pictures: a look at a data set, some pictures of each class on one sheet.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/images/image.h"
#include "tools/commands/commands.h"
#include "tools/data/resize_crop.h"
#include "tools/data/load.h"
#include "tools/data/prefetch.h"
#include "tools/commands/output.h"

namespace excite {

namespace {

struct PicturesOptions {
  std::string data = "builtin", out;
  long per_class = 8;
  bool test = false;
};

// The first pictures of each class.
std::vector<long> first_of_each(const Dataset& data, long per_class) {
  std::vector<long> numbers, seen(data.classes.size());
  for (long i = 0; i < data.count(); i++)
    if (seen[static_cast<std::size_t>(data.labels[static_cast<std::size_t>(i)])]++ < per_class) numbers.push_back(i);
  return numbers;
}

// A column a class, in it the class's first pictures from the top; white where there are too few. Of pictures that differ in size the centres.
Image sheet(const Dataset& data, long per_class) {
  constexpr long side = 96;
  const bool one_size = data.height > 0;
  const Frame frame = one_size ? Frame{} : Frame{side, side};
  const long height = one_size ? data.height : side, width = one_size ? data.width : side;
  const long classes = static_cast<long>(data.classes.size());
  require<UsageError>(is_picture_size(per_class * height, classes * width), "pictures: ", classes, " columns and ", per_class, " rows of ", height, "x",
                      width, " pixels, at most ", max_picture_side, " pixels a side and ", max_pixels, " in all are possible");
  Image image{per_class * height, classes * width, {}};
  image.pixels.assign(static_cast<std::size_t>(image.height * image.width * 3), 255);
  const Pictures read = Reading(data, first_of_each(data, per_class), [=](const Image& whole, long) { return framed(whole, frame); }).take();
  std::vector<long> rows(data.classes.size());
  for (std::size_t i = 0; i < read.images.size(); i++) {
    const Image& picture = read.images[i];
    const long column = read.labels[i], row = rows[static_cast<std::size_t>(column)]++;
    require<FileError>(picture.height == height && picture.width == width, data.name(read.numbers[i]), ": has ", picture.height, " x ",
                       picture.width, " pixels, and had ", height, " x ", width, " when the set was loaded");
    for (long h = 0; h < height; h++)
      std::copy_n(picture.pixels.data() + h * width * 3, width * 3, image.pixels.data() + ((row * height + h) * image.width + column * width) * 3);
  }
  return image;
}

int pictures(const PicturesOptions& o) {
  const DataSplit data = load_data(o.data);
  const Dataset& set = o.test ? data.test : data.train;
  write_png(o.out, sheet(set, o.per_class));
  std::printf("%s: the first %ld pictures of each class, from left to right:", printable(o.out).c_str(), o.per_class);
  for (const std::string& name : set.classes) std::printf(" %s", printable(name).c_str());
  std::printf("\n");
  return 0;
}

}  // namespace

void add_pictures(CLI::App& app, Run& run) {
  const auto o = std::make_shared<PicturesOptions>();
  CLI::App* c = app.add_subcommand("pictures", "puts some pictures of each class of a data set on one sheet");
  c->add_option("--data", o->data, data_in_words);
  c->add_option("--per-class", o->per_class, "how many of each class")->check(CLI::Range(1, 512));
  c->add_flag("--test", o->test, "of the test set instead of the training set");
  c->add_option("--out", o->out, "the sheet, a .png file")->required();
  c->footer("Example: excite pictures --data data/cifar-10-batches-bin --out sheet.png");
  c->callback([=, &run] { run = [=] { return pictures(*o); }; });
}

}  // namespace excite
