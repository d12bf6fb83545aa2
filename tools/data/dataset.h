// Labeled images, in memory or in files. Images in memory have one size and are stored as bytes: a
// quarter of the memory of floats. Images in files have any size and are decoded each time they are
// used. Batches turn both into normalized tensors (tools/data/batch.h).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/images/image_source.h"

namespace excite {

// The bytes of image files, by their paths.
using FileContents = std::map<std::string, std::vector<std::uint8_t>>;

struct Dataset {
  std::string source;                // where it came from, for messages
  std::vector<std::string> classes;  // names; label k is classes[k]
  long height = 32, width = 32;      // pixels; 0, 0 if the files differ in size
  std::vector<std::uint8_t> pixels;  // [count, height, width, 3], RGB; empty if the set is in files
  std::vector<std::string> files;    // [count]; empty if the set is in memory
  std::vector<int> labels;           // [count]
  // A file that cannot be decoded: true: it is an error; false: it is reported and skipped.
  bool strict = false;
  Exif exif = Exif::apply;  // whether files are turned as their EXIF data say
  // Files that were left out because their headers are not those of images, each with its error.
  std::vector<std::string> left_out{};
  // What open() returns in place of the files, if it is there; [count], and an empty image for a
  // file that has to be read. image_cache.h fills it. Without these images, select and leave_out.
  std::shared_ptr<const std::vector<Image>> decoded{};
  // What the files contain, if another process has sent it; a file that is not in it is read.
  std::shared_ptr<const FileContents> contents{};

  long count() const { return static_cast<long>(labels.size()); }         // images
  long class_count() const { return static_cast<long>(classes.size()); }  // 10 for CIFAR-10
  bool in_files() const { return !files.empty(); }                        // not in memory
  long image_bytes() const { return height * width * 3; }                 // per image in memory
  // Of a set in memory.
  const std::uint8_t* pixels_of(long i) const { return pixels.data() + i * image_bytes(); }
  // FileError that names the file if it cannot be decoded. The source refers to this set.
  ImageSource open(long i) const;
  Image image(long i) const;
  std::string name(long i) const;  // the file's path, or the index
  // Error unless there is one label per image: an index of `classes`, or where these are not named,
  // at least 0; and in memory, as many bytes as count, height and width say.
  void validate() const;
};

// Sets that share no image. Weights are learned from `train`, chosen by `validation`, and judged by
// `test`. The last two may be empty.
struct DataSplit {
  Dataset train, test;
  Dataset validation{};
};

// The first `limit` images, or all if there are fewer. UsageError if limit is below 1.
[[nodiscard]] Dataset keep_first(Dataset dataset, long limit);

// The images of these indices, in this order.
[[nodiscard]] Dataset select(const Dataset& dataset, const std::vector<long>& indices);

// Without the images of these indices, which are in ascending order. FileError if none is left.
[[nodiscard]] Dataset leave_out(Dataset dataset, const std::vector<long>& indices);

// The same images in memory, resized to side x side pixels.
[[nodiscard]] Dataset resized(const Dataset& dataset, long side);

}  // namespace excite
