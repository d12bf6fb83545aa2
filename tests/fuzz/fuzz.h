// Fuzz targets: functions that take any bytes, and return without a crash, a report of a sanitizer
// or an exception. NAME.cpp defines fuzz_NAME. `make fuzz` gives it inputs that libFuzzer invents;
// replay_test.cpp, the seeds in seeds/NAME.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {
int fuzz_checkpoint(const std::uint8_t* data, std::size_t size);
int fuzz_class_files(const std::uint8_t* data, std::size_t size);
int fuzz_config(const std::uint8_t* data, std::size_t size);
int fuzz_image(const std::uint8_t* data, std::size_t size);
int fuzz_jpeg(const std::uint8_t* data, std::size_t size);
int fuzz_numbers(const std::uint8_t* data, std::size_t size);
int fuzz_recognize(const std::uint8_t* data, std::size_t size);
int fuzz_resize(const std::uint8_t* data, std::size_t size);
int fuzz_safetensors(const std::uint8_t* data, std::size_t size);
int fuzz_settings(const std::uint8_t* data, std::size_t size);
}
