// Messages in the wire format of Protocol Buffers, in which ONNX files and event files
// are written (https://protobuf.dev/programming-guides/encoding). A message is a sequence of
// fields. A field is its key, 8 number + type as a varint, and its value. There are four types of
// values:
//
//   0  a varint: 7 bits per byte, the lowest first, the highest bit set in all but the last byte
//
//   1  a double in 8 bytes, the lowest first
//
//   2  bytes: their count as a varint, then they themselves; for strings and for messages
//
//   5  a float in 4 bytes, the lowest first
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace excite {

class ProtobufMessage {
 public:
  // Each adds a field with this number, and returns the message.
  ProtobufMessage& integer(int field, std::int64_t value);
  ProtobufMessage& number(int field, float value);
  ProtobufMessage& number(int field, double value);
  ProtobufMessage& bytes(int field, std::string_view value);
  ProtobufMessage& message(int field, const ProtobufMessage& value) {
    return bytes(field, value.encoded());
  }
  // The key and the length of a field of bytes. The bytes have to follow.
  ProtobufMessage& begin_bytes(int field, std::size_t length);
  const std::string& encoded() const { return encoded_; }

 private:
  void varint(std::uint64_t value);
  void little_endian(std::uint64_t bits, int count);
  std::string encoded_;
};

}  // namespace excite
