// Reading JSON files that a user may have damaged or edited: an error says in words what is wrong
// and where. Not installed: a project that uses the library needs no JSON headers.
#pragma once
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace excite {

using Json = nlohmann::ordered_json;

// The value of a JSON text from a file that may be damaged or hostile. FileError, beginning with
// `what`: it is not JSON, with the line and the column at which it cannot be; it is more than 8
// levels deep; it has more than 1024 keys, or more than 1,000,000 values; an object has a key
// twice; a number is too large for a double.
Json parse_json(std::string_view text, const std::string& what);

// An object of a JSON file, or an object in it. Errors begin with `path`, and name entries as
// 'recipe.epochs' and 'operations[2].pass'.
class JsonObject {
 public:
  // FileError as parse_json, or if the text is no object.
  JsonObject(std::string_view text, const std::string& path);

  bool contains(const std::string& key) const;
  // FileError if the object has an entry with another key.
  void allow_only(const std::vector<std::string>& keys) const;
  // These throw a FileError if there is no such entry, or if it is not of that type.
  void read(const std::string& key, bool& value) const;
  void read(const std::string& key, long& value) const;
  void read(const std::string& key, int& value) const;
  void read(const std::string& key, double& value) const;  // whole numbers too
  void read(const std::string& key, std::string& value) const;
  void read(const std::string& key, std::vector<double>& value) const;
  void read(const std::string& key, std::map<std::string, std::string>& value) const;
  template <class Value>
  Value get(const std::string& key) const {
    Value value{};
    read(key, value);
    return value;
  }
  JsonObject object(const std::string& key) const;
  std::vector<JsonObject> objects(const std::string& key) const;  // an array of objects

  const std::string& path() const { return path_; }
  std::string name_of(const std::string& key) const;

 private:
  JsonObject(std::shared_ptr<const Json> json, const std::string& path, const std::string& name);
  const Json& entry(const std::string& key, bool (*fits)(const Json&), const char* expected) const;

  std::shared_ptr<const Json> json_;  // shares the whole file's
  std::string path_, name_;           // name_ is empty for the whole file
};

}  // namespace excite
