// A file of another kind is named for what it is, with what to do.
#include "core/files/file_kind.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace excite {
namespace {

using namespace std::literals;

TEST(FileKind, NamesWhatPeopleDownloadInPlaceOfWeights) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 3\n",
       "is a git-LFS pointer, not the file that it stands for; `git lfs pull` fetches that file"},
      {"<!DOCTYPE html>\n<html>", "is a web page"},
      {"\xef\xbb\xbf \n<HTML lang=en>", "is a web page"},
      {"<?xml version='1.0'?><Error>", "is a web page"},
      {"PK\x03\x04rest", "is a file of PyTorch"},
      {"\x80\x02\x8a\x0a", "convert it with pth_to_safetensors"},
      {"\xff\xd8\xff\xe0", "is an image"},
      {"\x89PNG\r\n", "is an image"},
      {"RIFF\0\0\0\0WEBPVP8 "s, "is an image"},
      {"\x89HDF\r\n\x1a\n", "is an HDF5 file, as Keras writes"},
      {"\x1f\x8b\x08", "is an archive"},
      {R"({"metadata": {"total_size": 9}, "weight_map": {}})", "is an index of weights"},
      {R"({"a": 1})", "is a JSON file"}};
  for (const auto& [bytes, kind] : cases)
    EXPECT_NE(file_kind(bytes).find(kind), std::string::npos)
        << bytes << " is recognized as '" << file_kind(bytes) << "'";
}

TEST(FileKind, DoesNotGuess) {
  for (const std::string& bytes : {""s, "   "s, "\0\1\2\3"s, "cat,dog"s, "RIFF....WAVE"s})
    EXPECT_EQ(file_kind(bytes), "") << bytes;
}

}  // namespace
}  // namespace excite
