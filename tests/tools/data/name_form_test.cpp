// Two spellings of one name, with accents composed (NFC) and apart (NFD).
#include "tools/data/name_form.h"

#include <gtest/gtest.h>

#include "tests/support/child.h"
#include "tests/support/errors.h"
#include "tests/support/image_folder.h"
#include "tests/support/scratch.h"
#include "tools/data/check_data.h"
#include "tools/data/load.h"

namespace excite {
namespace {

const std::string composed = "caf\u00e9", apart = "cafe\u0301";

TEST(NameForm, DiffersInCombiningAccentsAlone) {
  EXPECT_TRUE(differ_in_form(composed, apart));
  EXPECT_TRUE(differ_in_form(apart, composed));
  EXPECT_TRUE(differ_in_form("\u0160koda \u00fc", "S\u030ckoda u\u0308"));
  for (const auto& [a, b] : {std::pair<std::string, std::string>{composed, composed},
                             {"cafe", composed},
                             {"cafe", apart},
                             {"cafo\u0301", composed},
                             {"cafe\u0301s", composed},
                             {"", apart}}) {
    EXPECT_FALSE(differ_in_form(a, b)) << a << " " << b;
    EXPECT_FALSE(differ_in_form(b, a)) << a << " " << b;
  }
}

struct TwoForms : testing::Test {
  const ScratchFolder folder;
  void put_images(const std::string& name) {
    for (long i = 0; i < 5; i++)
      put_image(folder / name + "/" + std::to_string(i) + ".png", noise_image(4, 4, i));
  }
};

TEST_F(TwoForms, OfAClassInTrainAndValAreExplained) {
  put_images("train/" + composed), put_images("val/" + apart);
  EXPECT_TRUE(fails_saying<FileError>([&] { load_data(folder.path()); },
                                      {"train has 1 classes, validation has 1",
                                       "in the other Unicode form (NFC or NFD)", "rename"}));
  put_images("train/tea");
  EXPECT_EQ(file_error([&] { load_data(folder.path()); }).find("in the other form"),
            std::string::npos);
}

TEST_F(TwoForms, OfClassesOfOneSetAreSuspicious) {
  put_images("train/" + composed), put_images("train/" + apart);
  const DataReport report = check_data(load_data(folder.path()));
  ASSERT_EQ(report.suspicious.size(), 1u);
  EXPECT_NE(report.suspicious[0].find("look the same"), std::string::npos);
}

TEST_F(TwoForms, OfAListedFileAreExplained) {
  put_images("train/a");
  put_image(folder / apart + ".png", noise_image(4, 4, 1));
  put(folder / "list.csv", "file,label\ntrain/a/1.png,a\n" + composed + ".png,a\n");
  const Ending ended = excite_program({"data", "check", "--json", folder / "list.csv"});
  ASSERT_EQ(ended.code, 0) << ended.err;
  expect_contains(ended.err, "accents are in the other Unicode form (NFC or NFD)");
  expect_contains(ended.out, "accents are in the other Unicode form");  // among the broken files
}

}  // namespace
}  // namespace excite
