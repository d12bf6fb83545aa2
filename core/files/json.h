// Reading JSON files that a user may have damaged or edited: an error says in words what is wrong
// and where. Not installed: a project that uses the library needs no JSON headers.
#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace excite {

using Json = nlohmann::ordered_json;

// FileError with the line and the column at which the text cannot be JSON. Errors begin with
// `path`.
Json parse_json(std::string_view text, const std::string& path);

// An object of a JSON file, or a part of it. Errors name its entries as 'recipe.epochs' and
// 'operations[2].pass'.
class JsonObject {
 public:
  // Refers to `json`. FileError if it is no object.
  JsonObject(const Json& json, const std::string& path, const std::string& name = "");

  bool contains(const std::string& key) const;
  // These throw a FileError if there is no such entry, or if it is not of that type.
  void read(const std::string& key, bool& value) const;
  void read(const std::string& key, long& value) const;
  void read(const std::string& key, int& value) const;
  void read(const std::string& key, double& value) const;  // whole numbers too
  void read(const std::string& key, std::string& value) const;
  void read(const std::string& key, std::vector<double>& value) const;
  void read(const std::string& key, std::map<std::string, std::string>& value) const;
  JsonObject object(const std::string& key) const;
  std::vector<JsonObject> objects(const std::string& key) const;  // an array of objects

  const std::string& path() const { return path_; }
  std::string name_of(const std::string& key) const;

 private:
  const Json& entry(const std::string& key, bool (*fits)(const Json&), const char* expected) const;

  const Json& json_;
  std::string path_, name_;
};

}  // namespace excite
