// excite images: draws the first images of each class of a data set on one sheet.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/check.h"
#include "core/images/image.h"
#include "core/text.h"
#include "tools/commands/commands.h"
#include "tools/commands/number_options.h"
#include "tools/commands/output.h"
#include "tools/commands/shared_options.h"
#include "tools/data/load.h"
#include "tools/data/prefetch.h"
#include "tools/data/resize_crop.h"

namespace excite {

namespace {

struct ImagesOptions {
  std::string data = "builtin", out;
  long per_class = 8;
  bool test = false;
  Exif exif = Exif::apply;
  long max_memory = 0;
};

// The indices of the first images of each class.
std::vector<long> first_of_each_class(const Dataset& data, long per_class) {
  std::vector<long> indices, seen(data.classes.size());
  for (long i = 0; i < data.count(); i++)
    if (seen[data.labels[static_cast<std::size_t>(i)]]++ < per_class) indices.push_back(i);
  return indices;
}

// A white sheet with one column per class and one row per image.
Image empty_sheet(long classes, long per_class, long height, long width) {
  require<UsageError>(is_image_size(per_class * height, classes * width), "the sheet has ", classes,
                      " columns and ", per_class, " rows of ", height, "x", width,
                      " pixels, expected at most ", max_image_side, " pixels per side and ",
                      max_pixels, " pixels in all; give a smaller --per-class");
  Image sheet{per_class * height, classes * width, {}};
  sheet.pixels.assign(sheet.height * sheet.width * 3, 255);
  return sheet;
}

void copy_into(Image& sheet, const Image& image, long row, long column) {
  for (long h = 0; h < image.height; h++)
    std::copy_n(
        image.pixels.data() + h * image.width * 3, image.width * 3,
        sheet.pixels.data() + ((row * image.height + h) * sheet.width + column * image.width) * 3);
}

// Column k has the first images of class k from the top. If the images differ in size, each is
// shown by its center square.
Image draw_sheet(const Dataset& data, long per_class) {
  constexpr long side = 96;
  const bool one_size = data.height > 0;
  const ResizeCrop resize_crop = one_size ? ResizeCrop{} : ResizeCrop{side, side};
  const long height = one_size ? data.height : side, width = one_size ? data.width : side;
  Image sheet = empty_sheet(std::ssize(data.classes), per_class, height, width);
  const Samples samples =
      Prefetch(data, first_of_each_class(data, per_class), [=](const ImageSource& whole, long) {
        return resize_and_crop(whole, resize_crop);
      }).take();
  std::vector<long> rows(data.classes.size());
  for (std::size_t i = 0; i < samples.images.size(); i++) {
    const Image& image = samples.images[i];
    require<FileError>(image.height == height && image.width == width,
                       data.name(samples.indices[i]), ": has ", image.height, "x", image.width,
                       " pixels, expected ", height, "x", width,
                       " as when the data set was loaded; do not change files meanwhile");
    const long column = samples.labels[i];
    copy_into(sheet, image, rows[column]++, column);
  }
  return sheet;
}

int images(const ImagesOptions& o) {
  require_extension(o.out, ".png");
  use_max_memory(o.max_memory);
  const DataSplit data = load_data(o.data, OnBadImage::skip, o.exif);
  const Dataset& set = o.test ? data.test : data.train;
  write_png(o.out, draw_sheet(set, o.per_class));
  std::FILE* out = report_stream(o.out);
  std::fprintf(out, "%s: the first %s of each class, from left to right:", printable(o.out).c_str(),
               counted(o.per_class, "image").c_str());
  for (const std::string& name : set.classes) std::fprintf(out, " %s", printable(name).c_str());
  std::fprintf(out, "\n");
  return 0;
}

}  // namespace

void add_images(const Command& program, Run& run) {
  const auto o = std::make_shared<ImagesOptions>();
  const Command c = program.add_command(
      "images", "Draw the first images of each class of a data set on a sheet.");
  c.begin_group("Data");
  add_data_option(c, o->data);
  c.add_flag("--test", o->test, "Draw the test images instead of the training images");
  c.add_option("--per-class", o->per_class, "Images per class").whole_number(1, 512);
  add_exif_option(c, o->exif);
  add_max_memory_option(c, o->max_memory);
  c.begin_group("Output");
  c.add_option("--out", o->out, "The .png file to write, one column per class; -: standard output")
      .required()
      .type_name("FILE");
  c.add_examples({"excite images --data data/cifar-10-batches-bin --out sheet.png"});
  c.on_call([=, &run] { run = [=] { return images(*o); }; });
}

}  // namespace excite
