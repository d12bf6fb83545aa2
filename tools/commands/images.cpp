// excite images: a look at a data set, some images of each class on one sheet.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/images/image.h"
#include "tools/commands/commands.h"
#include "tools/commands/output.h"
#include "tools/data/load.h"
#include "tools/data/prefetch.h"
#include "tools/data/resize_crop.h"

namespace excite {

namespace {

struct ImagesOptions {
  std::string data = "builtin", out;
  long per_class = 8;
  bool test = false;
};

// The first images of each class.
std::vector<long> first_of_each(const Dataset& data, long per_class) {
  std::vector<long> numbers, seen(data.classes.size());
  for (long i = 0; i < data.count(); i++)
    if (seen[data.labels[static_cast<std::size_t>(i)]]++ < per_class) numbers.push_back(i);
  return numbers;
}

// A column a class, in it the class's first images from the top; white where there are too few. Of
// images that differ in size the centers.
Image sheet(const Dataset& data, long per_class) {
  constexpr long side = 96;
  const bool one_size = data.height > 0;
  const ResizeCrop resize_crop = one_size ? ResizeCrop{} : ResizeCrop{side, side};
  const long height = one_size ? data.height : side, width = one_size ? data.width : side;
  const long classes = static_cast<long>(data.classes.size());
  require<UsageError>(is_image_size(per_class * height, classes * width), "images: ", classes,
                      " columns and ", per_class, " rows of ", height, "x", width,
                      " pixels, at most ", max_image_side, " pixels a side and ", max_pixels,
                      " in all are possible");
  Image page{per_class * height, classes * width, {}};
  page.pixels.assign(page.height * page.width * 3, 255);
  const Samples samples =
      Prefetch(data, first_of_each(data, per_class), [=](const Image& whole, long) {
        return resize_and_crop(whole, resize_crop);
      }).take();
  std::vector<long> rows(data.classes.size());
  for (std::size_t i = 0; i < samples.images.size(); i++) {
    const Image& image = samples.images[i];
    const long column = samples.labels[i], row = rows[column]++;
    require<FileError>(image.height == height && image.width == width,
                       data.name(samples.numbers[i]), ": has ", image.height, " x ", image.width,
                       " pixels, and had ", height, " x ", width, " when the set was loaded");
    for (long h = 0; h < height; h++)
      std::copy_n(image.pixels.data() + h * width * 3, width * 3,
                  page.pixels.data() + ((row * height + h) * page.width + column * width) * 3);
  }
  return page;
}

int images(const ImagesOptions& o) {
  const DataSplit data = load_data(o.data);
  const Dataset& set = o.test ? data.test : data.train;
  write_png(o.out, sheet(set, o.per_class));
  std::printf("%s: the first %ld images of each class, from left to right:",
              printable(o.out).c_str(), o.per_class);
  for (const std::string& name : set.classes) std::printf(" %s", printable(name).c_str());
  std::printf("\n");
  return 0;
}

}  // namespace

void add_images(CLI::App& app, Run& run) {
  const auto o = std::make_shared<ImagesOptions>();
  CLI::App* c =
      app.add_subcommand("images", "puts some images of each class of a data set on one sheet");
  c->add_option("--data", o->data, data_in_words);
  c->add_option("--per-class", o->per_class, "how many of each class")->check(CLI::Range(1, 512));
  c->add_flag("--test", o->test, "of the test set instead of the training set");
  c->add_option("--out", o->out, "the sheet, a .png file")->required();
  c->footer("Example: excite images --data data/cifar-10-batches-bin --out sheet.png");
  c->callback([=, &run] { run = [=] { return images(*o); }; });
}

}  // namespace excite
