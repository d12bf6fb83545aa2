#include "tools/commands/event_file.h"

#include <bit>
#include <cstdint>

#include "core/files/crc.h"
#include "models/interop/protobuf.h"

namespace excite {

namespace {

std::string little_endian(std::uint64_t number, int count) {
  std::string bytes;
  for (int i = 0; i < count; i++) bytes += static_cast<char>(number >> 8 * i & 0xff);
  return bytes;
}

// The checksum of TFRecord files: CRC-32C, rotated by 15 bits, plus a constant.
std::string checksum(const std::string& bytes) {
  return little_endian(std::rotr(crc32c(bytes.data(), bytes.size()), 15) + 0xa282ead8u, 4);
}

// A record: the length, its checksum, the bytes, their checksum.
std::string record(const ProtobufMessage& event) {
  const std::string& bytes = event.encoded();
  const std::string length = little_endian(bytes.size(), 8);
  return length + checksum(length) + bytes + checksum(bytes);
}

// The numbers of fields in TensorFlow's event.proto and summary.proto.
enum Event { wall_time = 1, step = 2, file_version = 3, summary = 5 };
enum Summary { value = 1 };
enum Value { tag = 1, simple_value = 2 };

void add_scalar(ProtobufMessage& all, const char* name, double number) {
  all.message(value,
              ProtobufMessage().bytes(tag, name).number(simple_value, static_cast<float>(number)));
}

ProtobufMessage scalars(const EpochRow& r) {
  ProtobufMessage all;
  add_scalar(all, "loss/train", r.train_loss);
  add_scalar(all, "accuracy/train", r.train_accuracy);
  if (r.validation) {
    add_scalar(all, "loss/validation", r.validation->loss);
    add_scalar(all, "accuracy/validation", r.validation->accuracy);
  }
  if (r.test) {
    add_scalar(all, "loss/test", r.test->loss);
    add_scalar(all, "accuracy/test", r.test->accuracy);
  }
  add_scalar(all, "learning_rate", r.learning_rate);
  add_scalar(all, "gradient_norm", r.gradient_norm);
  add_scalar(all, "images_per_second", r.images_per_second);
  return all;
}

}  // namespace

std::string event_file(const std::vector<EpochRow>& rows) {
  std::string file =
      record(ProtobufMessage().number(wall_time, 0.0).bytes(file_version, "brain.Event:2"));
  double seconds = 0;
  for (const EpochRow& row : rows) {
    seconds += row.seconds;
    file += record(ProtobufMessage()
                       .number(wall_time, seconds)
                       .integer(step, row.epoch)
                       .message(summary, scalars(row)));
  }
  return file;
}

}  // namespace excite
