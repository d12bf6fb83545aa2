#include "tests/support/browser.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "core/check.h"
#include "tests/support/scratch.h"

namespace excite {

using nlohmann::json;

Browser::Browser()
    : port_(20000 + getpid() % 20000),
      driver_({"chromedriver", "--port=" + std::to_string(port_)}),
      session_("http://127.0.0.1:" + std::to_string(port_) + "/session") {
  for (int i = 0; i < 200 && driver_.out().find("started successfully") == std::string::npos; i++)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const json options{{"args",
                      {"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                       "--window-size=1100,1400"}}};
  const json wanted{{"goog:chromeOptions", options},
                    {"goog:loggingPrefs", {{"browser", "ALL"}, {"performance", "ALL"}}}};
  const json session = post("", {{"capabilities", {{"alwaysMatch", wanted}}}});
  session_ += "/" + session.at("sessionId").get<std::string>();
}

Browser::~Browser() {
  Child({"curl", "-s", "-X", "DELETE", session_}).wait();
  driver_.signal(SIGTERM);
}

json Browser::call(const std::vector<std::string>& curl_arguments) {
  std::vector<std::string> command{"curl", "-s", "--max-time", "60"};
  command.insert(command.end(), curl_arguments.begin(), curl_arguments.end());
  const Ending ending = Child(command).wait();
  require(ending.code == 0, "curl ended with ", ending.code,
          "; chromedriver says: ", driver_.out());
  const json value = json::parse(ending.out).at("value");
  require(!value.is_object() || !value.contains("error"), "chromedriver: ", value.dump());
  return value;
}

json Browser::post(const std::string& command, const json& body) {
  return call({session_ + command, "-H", "Content-Type: application/json", "-d", body.dump()});
}

void Browser::open(const std::string& url) { post("/url", {{"url", url}}); }

json Browser::run(const std::string& script) {
  return post("/execute/sync", {{"script", script}, {"args", json::array()}});
}

void Browser::click(const std::string& css_selector) {
  const json element = post("/element", {{"using", "css selector"}, {"value", css_selector}});
  post("/element/" + element.begin().value().get<std::string>() + "/click", json::object());
}

void Browser::set_color_scheme(const std::string& light_or_dark) {
  const json scheme{{"name", "prefers-color-scheme"}, {"value", light_or_dark}};
  post("/goog/cdp/execute",
       {{"cmd", "Emulation.setEmulatedMedia"}, {"params", {{"features", {scheme}}}}});
}

void Browser::save_screenshot(const std::string& png_file) {
  const std::string base64 = call({session_ + "/screenshot"}).get<std::string>();
  put(png_file + ".base64", base64);
  Child({"sh", "-c", "base64 -d '" + png_file + ".base64' > '" + png_file + "'"}).wait();
}

std::vector<json> Browser::log(const std::string& type) {
  return post("/se/log", {{"type", type}}).get<std::vector<json>>();
}

std::vector<std::string> Browser::console() {
  std::vector<std::string> messages;
  for (const json& entry : log("browser")) messages.push_back(entry.at("message"));
  return messages;
}

std::vector<std::string> Browser::requested() {
  std::vector<std::string> urls;
  for (const json& entry : log("performance")) {
    const json message = json::parse(entry.at("message").get<std::string>()).at("message");
    if (message.at("method") != "Network.requestWillBeSent") continue;
    const std::string url = message.at("params").at("request").at("url");
    if (!url.starts_with("data:")) urls.push_back(url);
  }
  return urls;
}

}  // namespace excite
