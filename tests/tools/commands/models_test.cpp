#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "models/zoo/registry.h"
#include "tests/support/child.h"
#include "tests/support/scratch.h"

namespace excite {
namespace {

TEST(Models, ListsEveryModelOfTheRegistry) {
  const Ending ending = excite_program({"models"});
  EXPECT_EQ(ending.code, 0);
  for (const ModelEntry& entry : model_list()) {
    expect_contains(ending.out, "\n" + entry.name + " ");
    expect_contains(ending.out, entry.about);
  }
  expect_contains(ending.out, "se_resnet20                  274,847  ");
  expect_contains(ending.out, "MobileNet 1.0 for 224x224 images\n");  // it has no options
  expect_contains(ending.out, "(gate=sigmoid,reduction=16,se=standard,se_bias=on,");
}

TEST(Models, PrintsTheSameAsJson) {
  const nlohmann::json list = nlohmann::json::parse(excite_program({"models", "--json"}).out);
  ASSERT_EQ(list.size(), model_list().size());
  for (std::size_t i = 0; i < list.size(); i++) {
    EXPECT_EQ(list[i]["name"], model_list()[i].name);
    EXPECT_EQ(list[i]["about"], model_list()[i].about);
    EXPECT_EQ(list[i]["options"].get<Settings>(), model_list()[i].defaults);
    if (list[i]["name"] == "resnet110") {
      EXPECT_EQ(list[i]["parameters"], 1'730'714);
    }
  }
}

}  // namespace
}  // namespace excite
