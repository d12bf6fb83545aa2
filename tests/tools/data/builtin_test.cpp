#include "tools/data/builtin.h"

#ifndef EXCITE_DOUBLE  // the images do not depend on the precision
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <set>

#include "autograd/ops.h"
#include "autograd/optimizer.h"
#include "core/files/crc.h"
#include "core/parallel.h"
#include "tools/data/batch.h"

namespace excite {
namespace {

TEST(Builtin, EveryClassIsEquallyFrequent) {
  const DataSplit split = draw_builtin();
  EXPECT_EQ(split.train.count(), builtin_train_count);
  EXPECT_EQ(split.test.count(), builtin_test_count);
  for (int k = 0; k < 10; k++) {
    EXPECT_EQ(std::count(split.train.labels.begin(), split.train.labels.end(), k),
              builtin_train_count / 10);
    EXPECT_EQ(std::count(split.test.labels.begin(), split.test.labels.end(), k),
              builtin_test_count / 10);
  }
}

// The checksums must be the same on all machines, with all compilers and any number of threads.
TEST(Builtin, HasTheSameBytesEverywhere) {
  for (const int count : {1, 3}) {
    set_threads(count);
    const DataSplit split = draw_builtin();
    EXPECT_EQ(crc32c(split.train.pixels.data(), split.train.pixels.size()), 3718326178u);
    EXPECT_EQ(crc32c(split.test.pixels.data(), split.test.pixels.size()), 4080800329u);
  }
}

TEST(Builtin, NoImageOccursTwice) {
  const DataSplit split = draw_builtin();
  std::set<std::vector<std::uint8_t>> images;
  for (const Dataset* set : {&split.train, &split.test})
    for (long i = 0; i < set->count(); i++)
      images.emplace(set->pixels_of(i), set->pixels_of(i) + set->image_bytes());
  EXPECT_EQ(images.size(), builtin_train_count + builtin_test_count);
}

double accuracy(const Dataset& set, const Normalization& normalization, const Var& w,
                const Var& b) {
  std::vector<long> all(set.count());
  std::iota(all.begin(), all.end(), 0l);
  Batch batch = make_batch(set, all, normalization, {}, 0, 0);
  const Var logits = linear(reshape(std::move(batch.x), {set.count(), set.image_bytes()}), w, b);
  long correct = 0;
  for (long i = 0; i < set.count(); i++) {
    const real* row = logits->value.data() + i * 10;
    correct += std::max_element(row, row + 10) - row == batch.labels[i];
  }
  return static_cast<double>(correct) / static_cast<double>(set.count());
}

// Softmax regression on the pixels fits the training images, but does not generalize to the test
// images.
TEST(Builtin, ALinearClassifierStaysBelowSixtyPercent) {
  const DataSplit split = draw_builtin();
  const Normalization normalization = compute_normalization(split.train);
  const Var w = parameter(zeros({split.train.image_bytes(), 10})), b = parameter(zeros({10}));
  Sgd sgd({{"w", w, true}, {"b", b, false}}, {.weight_decay = 1e-2});
  constexpr long epochs = 10, batch_size = 100;
  for (long epoch = 0; epoch < epochs; epoch++) {
    const std::vector<long> order = epoch_order(split.train.count(), 0, epoch);
    for (auto begin = order.begin(); begin != order.end(); begin += batch_size) {
      Batch batch =
          make_batch(split.train, {begin, begin + batch_size}, normalization, {}, 0, epoch);
      backward(cross_entropy(
          linear(reshape(std::move(batch.x), {batch_size, split.train.image_bytes()}), w, b),
          batch.labels));
      sgd.step(0.01 * (1 - static_cast<double>(epoch) / epochs));
    }
  }
  const double train_accuracy = accuracy(split.train, normalization, w, b),
               test_accuracy = accuracy(split.test, normalization, w, b);
  std::cout << "linear classifier: " << 100 * train_accuracy << " % of the training images, "
            << 100 * test_accuracy << " % of the test images\n";
  EXPECT_GT(train_accuracy, 0.4);  // it has learned
  EXPECT_LT(test_accuracy, 0.6);
}

}  // namespace
}  // namespace excite
#endif
