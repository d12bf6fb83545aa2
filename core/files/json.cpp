#include "core/files/json.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/text.h"

namespace excite {

namespace {

// The value as it is in the file, for an error; objects and arrays only by their kind.
std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  constexpr std::size_t max_bytes = 60;
  const std::string all = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return all.size() <= max_bytes ? all : all.substr(0, max_bytes) + "...";
}

bool is_long(const Json& value) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() ||
          value.get<std::uint64_t>() <= std::uint64_t(std::numeric_limits<long>::max()));
}

bool is_int(const Json& value) {
  return is_long(value) && value.get<long>() >= std::numeric_limits<int>::min() &&
         value.get<long>() <= std::numeric_limits<int>::max();
}

bool is_bool(const Json& value) { return value.is_boolean(); }
bool is_number(const Json& value) { return value.is_number(); }
bool is_text(const Json& value) { return value.is_string(); }
bool is_object(const Json& value) { return value.is_object(); }
bool are_numbers(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), is_number);
}
bool are_texts(const Json& value) {
  return value.is_object() && std::all_of(value.begin(), value.end(), is_text);
}
bool are_objects(const Json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), is_object);
}

// The parser calls this for each part of the text before it goes on, so a hostile text is refused
// before it takes memory or stack.
class Limits {
 public:
  explicit Limits(const std::string& what) : what_(what) {}

  void check(std::size_t depth, Json::parse_event_t event, const Json& part) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start) {
      require<FileError>(depth < max_depth, what_, ": it is more than ", max_depth,
                         " levels deep, expected at most that");
      keys_.resize(depth + 1);
      keys_.back().clear();
    } else if (event == Event::key) {
      require<FileError>(keys_.back().insert(part.get<std::string>()).second, what_,
                         ": an object has the key ", shown(part), " twice, expected each key once");
      count_up(key_count_, max_keys, "keys");
    } else if (event == Event::value) {
      count_up(value_count_, max_values, "values");
    } else {
      keys_.resize(depth);
    }
  }

 private:
  static constexpr std::size_t max_depth = 8;
  static constexpr long max_keys = 1024, max_values = 1'000'000;

  void count_up(long& count, long max, const char* what) const {
    require<FileError>(++count <= max, what_, ": it has more than ", max, " ", what,
                       ", expected at most that many");
  }

  const std::string& what_;
  std::vector<std::set<std::string>> keys_;  // of each object around the part
  long key_count_ = 0, value_count_ = 0;
};

std::shared_ptr<const Json> parsed_object(std::string_view text, const std::string& path) {
  auto json = std::make_shared<const Json>(parse_json(text, path));
  require<FileError>(json->is_object(), path, ": it is ", shown(*json), ", expected an object");
  return json;
}

}  // namespace

Json parse_json(std::string_view text, const std::string& what) {
  Limits limits(what);
  try {
    return Json::parse(text, [&](int depth, Json::parse_event_t event, const Json& part) {
      limits.check(static_cast<std::size_t>(depth), event, part);
      return true;  // keep the part
    });
  } catch (const Json::parse_error& error) {
    const std::string_view before = text.substr(0, error.byte > 0 ? error.byte - 1 : 0);
    const long line = 1 + std::count(before.begin(), before.end(), '\n');
    require<FileError>(error.byte <= text.size(), what, ": it is not complete: it ends in line ",
                       line, ", in the middle of the JSON");
    const std::size_t line_begin = before.rfind('\n') + 1;  // 0 in the first line: npos + 1
    throw FileError(excite::text(what, ": line ", line, ", column ", before.size() - line_begin + 1,
                                 " or before: this is not JSON"));
  } catch (const Json::out_of_range&) {
    throw FileError(excite::text(what, ": a number in it is too large, expected at most ",
                                 std::numeric_limits<double>::max()));
  }
}

JsonObject::JsonObject(std::string_view text, const std::string& path)
    : JsonObject(parsed_object(text, path), path, "") {}

JsonObject::JsonObject(std::shared_ptr<const Json> json, const std::string& path,
                       const std::string& name)
    : json_(std::move(json)), path_(path), name_(name) {}

std::string JsonObject::name_of(const std::string& key) const {
  return name_.empty() ? key : name_ + "." + key;
}

bool JsonObject::contains(const std::string& key) const { return json_->contains(key); }

void JsonObject::allow_only(const std::vector<std::string>& keys) const {
  for (const auto& entry : json_->items())
    require<FileError>(std::find(keys.begin(), keys.end(), entry.key()) != keys.end(), path_,
                       ": it has the unknown entry '", printable(name_of(entry.key())),
                       "', expected one of ", keys.size(), " entries: ", join_some(keys));
}

const Json& JsonObject::entry(const std::string& key, bool (*fits)(const Json&),
                              const char* expected) const {
  const auto found = json_->find(key);
  require<FileError>(found != json_->end(), path_, ": it has no entry '", name_of(key),
                     "', expected ", expected);
  require<FileError>(fits(*found), path_, ": '", name_of(key), "' is ", shown(*found),
                     ", expected ", expected);
  return *found;
}

void JsonObject::read(const std::string& key, bool& value) const {
  entry(key, is_bool, "true or false").get_to(value);
}
void JsonObject::read(const std::string& key, long& value) const {
  entry(key, is_long, "a whole number").get_to(value);
}
void JsonObject::read(const std::string& key, int& value) const {
  entry(key, is_int, "a whole number").get_to(value);
}
void JsonObject::read(const std::string& key, double& value) const {
  entry(key, is_number, "a number").get_to(value);
}
void JsonObject::read(const std::string& key, std::string& value) const {
  entry(key, is_text, "a text").get_to(value);
}
void JsonObject::read(const std::string& key, std::vector<double>& value) const {
  entry(key, are_numbers, "an array of numbers").get_to(value);
}
void JsonObject::read(const std::string& key, std::map<std::string, std::string>& value) const {
  entry(key, are_texts, "an object whose values are texts").get_to(value);
}

// A part shares the ownership of the whole file.
JsonObject JsonObject::object(const std::string& key) const {
  const Json& part = entry(key, is_object, "an object");
  return {{json_, &part}, path_, name_of(key)};
}

std::vector<JsonObject> JsonObject::objects(const std::string& key) const {
  std::vector<JsonObject> all;
  for (const Json& part : entry(key, are_objects, "an array of objects"))
    all.push_back(JsonObject({json_, &part}, path_, text(name_of(key), "[", all.size(), "]")));
  return all;
}

}  // namespace excite
