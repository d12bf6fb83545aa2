// Results of many runs in one table, and hypotheses about them: what `excite compare` reads beside
// folders of runs.
#pragma once
#include <string>
#include <vector>

#include "tools/training/statistics.h"

namespace excite {

// The runs of one arm of a study; each has another seed.
struct Arm {
  std::string name;
  std::vector<long> seeds;
  std::vector<double> values;  // fractions, such as accuracies; one per seed
};

struct ResultTable {
  std::string quantity;   // the name of the third column
  std::vector<Arm> arms;  // in the order of their first rows
};

// A .csv file: the first three columns are the arm, the seed and a fraction; others are not read.
// FileError with the line if a row is invalid, or the second of its arm and seed.
ResultTable read_results(const std::string& path);

// A claim about the means of two arms, made before the runs.
struct Hypothesis {
  bool is_primary = false;
  std::string arm;
  char relation = '>';  // the arm is better than (>), worse than (<) or equal to (~) the reference
  std::string reference;
  double margin = 0;  // of ~: the largest difference that counts as equal
};

// A .csv file with the columns role (primary or secondary), arm, relation, reference, margin.
// FileError with the line if a row is invalid.
std::vector<Hypothesis> read_hypotheses(const std::string& path);

struct Decision {
  Estimate difference;  // mean of the arm minus mean of the reference
  double p = 1;         // of Welch's test; of secondary > and <: Holm's adjustment over all of them
  std::string word;     // supported, contradicted or open; missing: there are no runs
};

// One decision per hypothesis. > and < are supported if p < 0.05 and the difference has the
// predicted sign, and contradicted if it has the other one. ~ is supported if the 95 % interval of
// the difference is within the margin, and contradicted if it is outside. All else is open.
std::vector<Decision> decide(const std::vector<Hypothesis>& hypotheses,
                             const std::vector<Arm>& arms);

}  // namespace excite
