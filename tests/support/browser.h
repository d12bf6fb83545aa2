// Headless Chromium, driven through chromedriver by curl (https://www.w3.org/TR/webdriver2).
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child.h"

namespace excite {

class Browser {
 public:
  Browser();
  ~Browser();
  void open(const std::string& url);
  // The value of a script's `return`.
  nlohmann::json run(const std::string& script);
  void click(const std::string& css_selector);
  void set_color_scheme(const std::string& light_or_dark);
  void save_screenshot(const std::string& png_file);
  std::vector<std::string> console();    // messages since the last call
  std::vector<std::string> requested();  // URLs since the last call, but for data:

 private:
  nlohmann::json post(const std::string& command, const nlohmann::json& body);
  nlohmann::json call(const std::vector<std::string>& curl_arguments);
  std::vector<nlohmann::json> log(const std::string& type);
  int port_;
  Child driver_;
  std::string session_;  // the URL of the session
};

}  // namespace excite
