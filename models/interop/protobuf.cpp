#include "models/interop/protobuf.h"

#include <bit>

namespace excite {

namespace {
std::uint64_t key(int field, unsigned type) { return static_cast<std::uint64_t>(field) * 8 + type; }
}  // namespace

void ProtobufMessage::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) encoded_ += static_cast<char>((value & 0x7f) | 0x80);
  encoded_ += static_cast<char>(value);
}

ProtobufMessage& ProtobufMessage::integer(int field, std::int64_t value) {
  varint(key(field, 0));
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

void ProtobufMessage::little_endian(std::uint64_t bits, int count) {
  for (int i = 0; i < count; i++) encoded_ += static_cast<char>(bits >> 8 * i & 0xff);
}

ProtobufMessage& ProtobufMessage::number(int field, float value) {
  varint(key(field, 5));
  little_endian(std::bit_cast<std::uint32_t>(value), 4);
  return *this;
}

ProtobufMessage& ProtobufMessage::number(int field, double value) {
  varint(key(field, 1));
  little_endian(std::bit_cast<std::uint64_t>(value), 8);
  return *this;
}

ProtobufMessage& ProtobufMessage::begin_bytes(int field, std::size_t length) {
  varint(key(field, 2));
  varint(length);
  return *this;
}

ProtobufMessage& ProtobufMessage::bytes(int field, std::string_view value) {
  begin_bytes(field, value.size());
  encoded_ += value;
  return *this;
}

}  // namespace excite
